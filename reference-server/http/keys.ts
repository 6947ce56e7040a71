import { createHash, timingSafeEqual } from 'node:crypto'
import { RerankFailure } from '../../core/rerank.ts'

/** Throws a failure unless `key` is one of the keys; takes as long for every key that is none. */
export type KeyCheck = (key: string | undefined) => void

export function keyCheck(keys: readonly string[]): KeyCheck {
  const digests = keys.map(digestOf)
  return (key) => {
    if (digests.length === 0) return
    const given = digestOf(key ?? '')
    let matches = 0
    // All of them, always: where it stops would tell which one is near.
    for (const digest of digests) matches += Number(timingSafeEqual(digest, given))
    if (key === undefined || matches === 0) {
      throw new RerankFailure('unauthorized', 'A valid API key is needed')
    }
  }
}

/** Digests are of one length, which the comparison needs, and keep no key in memory. */
const digestOf = (key: string) => createHash('sha256').update(key).digest()
