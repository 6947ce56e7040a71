import { RerankFailure } from '../../core/rerank.ts'
import type { PairTemplate } from './messages.ts'
import { kept, type Truncation } from './truncation.ts'

/** The ids of one text, without special tokens. */
export interface TokenisedText {
  readonly ids: Int32Array
  /** Part of the text was never split, because it is far longer than its tokens could be. */
  readonly unread: boolean
}

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
 * Joins a pair, cut as `truncation` says: by Hugging Face's `longest_first`, or from the document
 * alone. The texts may already be cut to the maximum; one id more than can be used is enough to know
 * that something was lost. Throws a `validation` failure when the query alone leaves no room.
 */
export function pairOf(
  query: TokenisedText,
  document: TokenisedText,
  specials: number,
  { strategy, lost, maximumTokens }: Truncation,
): TokenPair {
  const room = maximumTokens - specials
  const [first, second] = [query.ids.length, document.ids.length]
  const [forQuery, forDocument] =
    strategy === 'only_second' || strategy === 'head_tail'
      ? onlySecond(first, second, room)
      : longestFirst(first, second, room)
  return {
    query: kept(query.ids, forQuery, lost),
    document: kept(document.ids, forDocument, lost),
    tokens: forQuery + forDocument + specials,
    truncated: query.unread || document.unread || first + second > room,
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

function onlySecond(first: number, second: number, room: number): [number, number] {
  if (first + Math.min(second, 1) > room) {
    throw new RerankFailure(
      'validation',
      `The query alone fills the ${String(room)} tokens of a pair, and it is not to be cut: shorten it, or use longest_first.`,
    )
  }
  return [first, Math.min(second, room - first)]
}
