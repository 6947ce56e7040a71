/**
 * The q-quantile (0 ≤ q ≤ 1) of sorted values by linear interpolation between the two nearest:
 * Hyndman and Fan's type 7, the definition of NumPy, R and k6, so figures can be compared.
 * Undefined for no values.
 */
export function percentile(sorted: ArrayLike<number>, q: number): number | undefined {
  const position = q * (sorted.length - 1)
  const below = Math.floor(position)
  const lower = sorted[below]
  if (lower === undefined) return undefined
  const upper = sorted[below + 1] ?? lower
  return lower + (upper - lower) * (position - below)
}

/** Fewer samples say nothing about so rare a value (MLPerf's early-stopping counts). */
export const minimumSamples = { p95: 90, p99: 459 } as const

/** A smallest sample for which the interval exists: 0.95^72 is the first power below 2.5 %. */
export const minimumIntervalSamples = 72

/**
 * A 95 % confidence interval of the q-quantile from order statistics: which sample stands below the
 * true quantile and which above follows from the binomial distribution alone, whatever the latencies'
 * own distribution. Undefined when there are too few samples for either end.
 */
export function quantileInterval(
  sorted: ArrayLike<number>,
  q: number,
): readonly [number, number] | undefined {
  const ranks = intervalRanks(sorted.length, q)
  const lower = ranks && sorted[ranks[0] - 1]
  const upper = ranks && sorted[ranks[1] - 1]
  return lower === undefined || upper === undefined ? undefined : [lower, upper]
}

const tail = 0.025

/** Ranks, counted from 1, of the samples that bound the q-quantile of `count` samples. */
export function intervalRanks(count: number, q: number): readonly [number, number] | undefined {
  let logMass = count * Math.log(1 - q)
  let cumulative = 0
  let lower = 0
  for (let below = 0; below <= count; below += 1) {
    cumulative += Math.exp(logMass)
    // P(at most `below` samples are under the quantile) = cumulative.
    if (cumulative <= tail) lower = below + 1
    if (cumulative >= 1 - tail) {
      const upper = below + 1
      return lower >= 1 && upper <= count ? [lower, upper] : undefined
    }
    logMass += Math.log((count - below) / (below + 1)) + Math.log(q / (1 - q))
  }
  return undefined
}
