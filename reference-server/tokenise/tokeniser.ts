import { hash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { TruncationDirection } from '../../core/rerank.ts'
import { maximumCharactersPerToken } from './cut.ts'
import type { TokeniserPool } from './pool.ts'

/** What an entry costs beside its ids: key, list node, typed array header. */
const entryOverheadBytes = 300

/**
 * Text to ids, with a memory: the same passages come back query after query. The memory knows
 * texts only by their digest, so it keeps none of them.
 */
export class Tokeniser {
  readonly #pool: Pick<TokeniserPool, 'encode'>
  readonly #cache: LRUCache<string, Int32Array>
  readonly #limit: number
  readonly #onLookUp: (hits: number, misses: number) => void

  constructor(options: {
    pool: Pick<TokeniserPool, 'encode'>
    /** The most ids a text can use. */
    limit: number
    cacheBytes: number
    onLookUp: (hits: number, misses: number) => void
  }) {
    this.#pool = options.pool
    this.#limit = options.limit
    this.#onLookUp = options.onLookUp
    this.#cache = new LRUCache({
      maxSize: Math.max(1, options.cacheBytes),
      sizeCalculation: (ids) => ids.byteLength + entryOverheadBytes,
    })
  }

  /** One list of ids a text, without special tokens. Rejects as `TokeniserPool.encode`. */
  async encode(
    query: string,
    documents: readonly string[],
    direction: TruncationDirection,
  ): Promise<{ readonly query: Int32Array; readonly documents: readonly Int32Array[] }> {
    const texts = documents.map((text) => this.#shortened(text, direction))
    const keys = texts.map((text) => direction + hash('sha256', text, 'base64'))
    const found = keys.map((key) => this.#cache.get(key))
    const missing = [...found.keys()].filter((at) => found[at] === undefined)
    this.#onLookUp(texts.length - missing.length, missing.length)
    const [queryIds = new Int32Array(), ...fresh] = await this.#pool.encode(
      [this.#shortened(query, direction), ...missing.map((at) => texts[at] ?? '')],
      this.#limit,
      direction,
    )
    for (const [order, at] of missing.entries()) {
      // A copy: a view would keep the ids of the whole request alive as long as this entry.
      const ids = (fresh[order] ?? new Int32Array()).slice()
      found[at] = ids
      this.#cache.set(keys[at] ?? '', ids)
    }
    return { query: queryIds, documents: found.map((ids) => ids ?? new Int32Array()) }
  }

  /** What is never looked at need be neither hashed nor sent to a worker. */
  #shortened(text: string, direction: TruncationDirection): string {
    const characters = this.#limit * maximumCharactersPerToken
    if (text.length <= characters) return text
    return direction === 'right' ? text.slice(0, characters) : text.slice(-characters)
  }
}
