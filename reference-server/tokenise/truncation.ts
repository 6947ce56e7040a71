import {
  RerankFailure,
  type RerankRequest,
  type TruncationDirection,
  type TruncationStrategy,
} from '../../core/rerank.ts'

/** Which part of a text that is too long is given up. */
export type LostPart = TruncationDirection | 'middle'

/** How the pairs of one request are cut. */
export interface Truncation {
  readonly strategy: TruncationStrategy
  readonly lost: LostPart
  /** Of a pair, special tokens included. */
  readonly maximumTokens: number
}

/** Room for the special tokens and something of both texts. */
export const leastTokens = 16

/**
 * What a request wants, else what the server does. Throws a `validation` failure when the request
 * leaves a pair no room.
 */
export function truncationOf(
  request: Pick<RerankRequest, 'truncate' | 'truncation' | 'truncationDirection' | 'maximumTokens'>,
  server: { readonly strategy: TruncationStrategy; readonly maximumTokens: number },
): Truncation {
  const maximumTokens = Math.min(request.maximumTokens ?? Infinity, server.maximumTokens)
  if (maximumTokens < leastTokens) {
    throw new RerankFailure(
      'validation',
      `A maximum length of ${String(maximumTokens)} tokens leaves a pair no room: give ${String(leastTokens)} or more.`,
    )
  }
  const strategy = strategyOf(request, server.strategy)
  return {
    strategy,
    lost: strategy === 'head_tail' ? 'middle' : request.truncationDirection,
    maximumTokens,
  }
}

function strategyOf(
  { truncate, truncation }: Pick<RerankRequest, 'truncate' | 'truncation'>,
  usual: TruncationStrategy,
): TruncationStrategy {
  if (truncate === false) return 'error'
  if (truncation !== undefined) return truncation
  // Asked to cut, a server that refuses by default does it as everyone does.
  return truncate === true && usual === 'error' ? 'longest_first' : usual
}

/**
 * `count` ids of `ids`. Cutting twice is cutting once: what a worker cut to its limit may be cut
 * again to what a pair has room for.
 */
export function kept(ids: Int32Array, count: number, lost: LostPart): Int32Array {
  if (ids.length <= count) return ids
  if (lost === 'right') return ids.subarray(0, count)
  if (lost === 'left') return ids.subarray(ids.length - count)
  const tail = Math.floor(count / 2)
  const both = new Int32Array(count)
  both.set(ids.subarray(0, count - tail))
  both.set(ids.subarray(ids.length - tail), count - tail)
  return both
}
