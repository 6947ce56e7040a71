import { createHash } from 'node:crypto'
import { compare, getRounds } from 'bcryptjs'
import { LRUCache } from 'lru-cache'

/** A check takes tens of milliseconds by design; more callers than this are not kept waiting for one. */
const maximumWaiting = 40
const rememberedChecks = 100

export type Admission = 'admitted' | 'refused' | 'busy'

/**
 * Users and the bcrypt hashes of their passwords. A check is remembered, for a scraper asks every few
 * seconds, and checks run one after another, so that guessing takes one core at most. A name that is
 * not there costs as much as one that is: it is checked against the dearest hash and refused.
 */
export class BasicAuth {
  readonly #users: ReadonlyMap<string, string>
  readonly #decoy: string
  readonly #compare: (password: string, hash: string) => Promise<boolean>
  /** By a digest: neither the password nor how much of it was right can be read off it. */
  readonly #remembered = new LRUCache<string, Promise<boolean>>({ max: rememberedChecks })
  #waiting = 0
  #last: Promise<unknown> = Promise.resolve()

  constructor(
    users: Readonly<Record<string, string>>,
    check: (password: string, hash: string) => Promise<boolean> = compare,
  ) {
    this.#users = new Map(Object.entries(users))
    this.#compare = check
    this.#decoy = [...this.#users.values()].sort((a, b) => getRounds(b) - getRounds(a))[0] ?? ''
  }

  /** `authorization` is the header as it came. */
  async admit(authorization: string | undefined): Promise<Admission> {
    const given = credentialsIn(authorization)
    if (given === undefined) return 'refused'
    const hash = this.#users.get(given.user)
    const right = await this.#check(given.user, given.password, hash ?? this.#decoy)
    if (right === undefined) return 'busy'
    return right && hash !== undefined ? 'admitted' : 'refused'
  }

  #check(user: string, password: string, hash: string): Promise<boolean | undefined> {
    const key = createHash('sha256')
      .update(JSON.stringify([user, password, hash]))
      .digest('base64')
    const remembered = this.#remembered.get(key)
    if (remembered !== undefined) return remembered
    if (this.#waiting >= maximumWaiting) return Promise.resolve(undefined)
    this.#waiting += 1
    const check = this.#last.then(() => this.#compare(password, hash))
    this.#last = check
      .catch(() => undefined)
      .then(() => {
        this.#waiting -= 1
      })
    this.#remembered.set(key, check)
    check.catch(() => this.#remembered.delete(key))
    return check
  }
}

function credentialsIn(
  header: string | undefined,
): { readonly user: string; readonly password: string } | undefined {
  const [, encoded] = /^basic +([\w+/-]+=*) *$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}
