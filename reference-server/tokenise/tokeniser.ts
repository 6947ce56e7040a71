import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { mostEntries } from '../cache-room.ts'
import { maximumCharactersPerToken } from './cut.ts'
import type { TokenisedText } from './pair.ts'
import type { TokeniserPool } from './pool.ts'
import type { LostPart } from './truncation.ts'

/** A text on its way to a worker. */
export interface ReadyText {
  /** The part that can be used. */
  readonly text: string
  readonly unread: boolean
}

/**
 * What an entry costs beside its ids, as measured in resident memory over 100,000 of them: its key,
 * its place in the list and, more than half of it, a typed array with a buffer of its own.
 */
const entryOverheadBytes = 750

/**
 * Text to ids, with a memory: the same passages come back query after query. The memory knows
 * texts only by their digest, so it keeps none of them.
 */
export class Tokeniser {
  readonly #pool: Pick<TokeniserPool, 'encode'>
  readonly #cache: LRUCache<string, Int32Array> | undefined
  readonly #limit: number
  readonly #onLookUp: (hits: number, misses: number) => void

  constructor(options: {
    pool: Pick<TokeniserPool, 'encode'>
    /** The most ids a text can use. */
    limit: number
    /** 0: no memory. */
    cacheBytes: number
    onLookUp: (hits: number, misses: number) => void
  }) {
    this.#pool = options.pool
    this.#limit = options.limit
    this.#onLookUp = options.onLookUp
    if (options.cacheBytes > 0) {
      this.#cache = new LRUCache({
        // As many entries as there may be, were they all empty.
        maxSize: Math.min(options.cacheBytes, (mostEntries - 1) * entryOverheadBytes),
        sizeCalculation: (ids) => ids.byteLength + entryOverheadBytes,
      })
    }
  }

  /** What is never looked at need be neither hashed nor sent to a worker. */
  ready(text: string, lost: LostPart): ReadyText {
    const characters = this.#limit * maximumCharactersPerToken
    if (text.length <= characters) return { text, unread: false }
    switch (lost) {
      case 'right':
        return {
          text: text.slice(0, characters),
          unread: isWritten(text.slice(characters)),
        }
      case 'left':
        return {
          text: text.slice(-characters),
          unread: isWritten(text.slice(0, -characters)),
        }
      case 'middle': {
        // Both halves and the space between them are read whole when they are that sparse.
        const half = Math.floor((characters - 1) / 2)
        return {
          text: `${text.slice(0, half)} ${text.slice(-half)}`,
          unread: isWritten(text.slice(half, -half)),
        }
      }
    }
  }

  /** The ids of each text, in their order, without special tokens. Rejects as `TokeniserPool.encode`. */
  async encode(
    query: ReadyText,
    documents: readonly ReadyText[],
    { lost, bypassCache }: { readonly lost: LostPart; readonly bypassCache: boolean },
  ): Promise<{ readonly query: TokenisedText; readonly documents: readonly TokenisedText[] }> {
    const cache = bypassCache ? undefined : this.#cache
    const keys = cache && documents.map(({ text }) => lost + digestOf(text))
    const found = documents.map((_, at) => cache?.get(keys?.[at] ?? ''))
    const missing = [...found.keys()].filter((at) => found[at] === undefined)
    if (cache !== undefined) this.#onLookUp(documents.length - missing.length, missing.length)
    const [queryIds = new Int32Array(), ...fresh] = await this.#pool.encode(
      [query.text, ...missing.map((at) => documents[at]?.text ?? '')],
      this.#limit,
      lost,
    )
    for (const [order, at] of missing.entries()) {
      // A copy: a view would keep the ids of the whole request alive as long as this entry.
      const ids = (fresh[order] ?? new Int32Array()).slice()
      found[at] = ids
      cache?.set(keys?.[at] ?? '', ids)
    }
    return {
      query: { ids: queryIds, unread: query.unread },
      documents: documents.map(({ unread }, at) => ({
        ids: found[at] ?? new Int32Array(),
        unread,
      })),
    }
  }
}

export function digestOf(text: string): string {
  return hash('sha256', text, 'base64')
}

function isWritten(rest: string): boolean {
  return /\S/.test(rest)
}
