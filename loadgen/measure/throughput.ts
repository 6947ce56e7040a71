import { pairsOf, type Observation } from '../../core/observation.ts'
import type { Summary } from './run-file.ts'

/** Succeeded requests over the whole run, the drain included: what is answered late is answered. */
export function throughputOf(
  observations: readonly Observation[],
  periodSeconds: number,
): Summary['throughput'] {
  let spanSeconds = 0
  for (const { intendedSeconds, doneSeconds } of observations) {
    spanSeconds = Math.max(spanSeconds, intendedSeconds + periodSeconds, doneSeconds)
  }
  const succeeded = observations.filter(({ outcome }) => outcome === 'ok')
  const perSecond = (count: number) => (spanSeconds === 0 ? 0 : count / spanSeconds)
  const tokens = tokensOf(succeeded)
  return {
    spanSeconds,
    requestsPerSecond: perSecond(succeeded.length),
    queriesPerSecond: perSecond(succeeded.reduce((sum, { queries = 1 }) => sum + queries, 0)),
    pairsPerSecond: perSecond(succeededPairs(observations)),
    tokensPerSecond: tokens === null ? null : perSecond(tokens.count),
    tokensCountedBy: tokens?.by ?? null,
  }
}

export const succeededPairs = (observations: readonly Observation[]): number =>
  observations.reduce((sum, one) => sum + (one.outcome === 'ok' ? pairsOf(one) : 0), 0)

interface Tokens {
  readonly count: number
  readonly by: NonNullable<Summary['throughput']['tokensCountedBy']>
}

/**
 * Tokens of requests, by whoever knows those of every one: the server, which knows what it computed,
 * else our tokenizer. Null when neither does: a sum without some of them would be too small.
 */
function tokensOf(requests: readonly Observation[]): Tokens | null {
  if (requests.length === 0) return null
  const sumOf = (of: (one: Observation) => number | undefined) =>
    requests.reduce<number | undefined>((sum, one) => {
      const tokens = of(one)
      return sum === undefined || tokens === undefined ? undefined : sum + tokens
    }, 0)
  const told = sumOf(({ computedTokens }) => computedTokens)
  if (told !== undefined) return { count: told, by: 'server' }
  const counted = sumOf(({ tokens }) => tokens)
  return counted === undefined ? null : { count: counted, by: 'tokenizer' }
}
