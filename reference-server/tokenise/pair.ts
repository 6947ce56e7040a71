import type { TruncationDirection } from '../../core/rerank.ts'
import type { PairTemplate } from './messages.ts'

/** A query and a document as the model will see them: views, nothing is copied yet. */
export interface TokenPair {
  readonly query: Int32Array
  readonly document: Int32Array
  /** Special tokens included, padding not. */
  readonly tokens: number
  readonly truncated: boolean
}

export function specialTokensOf({ before, between, after }: PairTemplate): number {
  return before.length + between.length + after.length
}

/**
 * Joins a pair, cut to `maximumTokens` by Hugging Face's `longest_first`: the longer text gives
 * first. `query` and `document` may already be cut to `maximumTokens`; one id more than can be
 * used is enough to know that something was lost.
 */
export function pairOf(
  query: Int32Array,
  document: Int32Array,
  specials: number,
  maximumTokens: number,
  direction: TruncationDirection,
): TokenPair {
  const room = maximumTokens - specials
  const [forQuery, forDocument] = longestFirst(query.length, document.length, room)
  return {
    query: kept(query, forQuery, direction),
    document: kept(document, forDocument, direction),
    tokens: forQuery + forDocument + specials,
    truncated: query.length + document.length > room,
  }
}

/**
 * How many ids each of two texts keeps when together they may have `room`: removing from the longer
 * until they are equal, then from both. An odd one stays with the second, the document; that way
 * the answer does not change when both were already cut to `room`.
 */
export function longestFirst(first: number, second: number, room: number): [number, number] {
  if (first + second <= room) return [first, second]
  const half = Math.floor(room / 2)
  if (first <= half) return [first, room - first]
  if (second <= room - half) return [room - second, second]
  return [half, room - half]
}

function kept(ids: Int32Array, count: number, direction: TruncationDirection): Int32Array {
  return direction === 'right' ? ids.subarray(0, count) : ids.subarray(ids.length - count)
}
