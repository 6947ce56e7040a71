import { effectiveSamples } from './effective-samples.ts'

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

/** Fewer samples say nothing about so rare a value (for p95 and p99 MLPerf's early-stopping counts). */
export const minimumSamples = { p50: 30, p95: 90, p99: 459 } as const

/** What an interval is meant to reach. For p95 both tails are held from 72 samples on: 0.95^72 < 2.5 %. */
export const intervalConfidence = 0.95

export interface Interval {
  readonly bounds: readonly [number, number]
  /** How sure it is that the true quantile lies between them: less than 95 % where samples are few. */
  readonly confidence: number
  /** So many independent ones it stands on: fewer than there are where requests wait for each other. */
  readonly samples: number
}

/**
 * A confidence interval (95 % unless `wanted` says another) of the q-quantile from order statistics,
 * of values in order of time: which sample stands below the true quantile and which above follows
 * from the binomial distribution alone, whatever the latencies' own distribution. It counts as many
 * samples as are worth independent ones, or it would be far too narrow wherever requests queue. With
 * too few for that it ends at the extremes, and its confidence says how little that is worth.
 * Undefined for no samples.
 */
export function quantileInterval(
  values: ArrayLike<number>,
  q: number,
  wanted = intervalConfidence,
): Interval | undefined {
  const sorted = Float64Array.from(values).sort()
  const { length } = sorted
  const quantile = percentile(sorted, q)
  if (quantile === undefined) return undefined
  const samples = effectiveSamples(Float64Array.from(values, (value) => Number(value > quantile)))
  const { ranks, confidence } = intervalRanks(samples, q, wanted)
  const lower = sorted[Math.floor(((ranks[0] - 1) * length) / samples)] ?? quantile
  const upper = sorted[Math.ceil((ranks[1] * length) / samples) - 1] ?? quantile
  return { bounds: [lower, upper], confidence, samples }
}

/** Ranks, counted from 1, of the samples that bound the q-quantile of `count` samples. */
export function intervalRanks(
  count: number,
  q: number,
  wanted = intervalConfidence,
): { readonly ranks: readonly [number, number]; readonly confidence: number } {
  const tail = (1 - wanted) / 2
  let logMass = count * Math.log(1 - q)
  let cumulative = 0
  let lower = 1
  // P(fewer than `lower` samples are under the quantile).
  let missedBelow = Math.exp(logMass)
  for (let below = 0; below < count; below += 1) {
    cumulative += Math.exp(logMass)
    // P(at most `below` samples are under the quantile) = cumulative.
    if (cumulative <= tail) {
      lower = below + 1
      missedBelow = cumulative
    }
    if (cumulative >= 1 - tail || below === count - 1) {
      return { ranks: [lower, below + 1], confidence: cumulative - missedBelow }
    }
    logMass += Math.log((count - below) / (below + 1)) + Math.log(q / (1 - q))
  }
  return { ranks: [1, count], confidence: 0 }
}
