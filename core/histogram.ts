/**
 * A histogram as Prometheus means it: counts per bucket with upper bounds, a sum and a count.
 * Bounds are inclusive upper edges in rising order; the last count is the overflow (+Inf).
 */
export interface HistogramValue {
  readonly bounds: readonly number[]
  /** Not cumulative; one longer than `bounds`. */
  readonly counts: readonly number[]
  readonly sum: number
}

export function countOf(histogram: HistogramValue): number {
  return histogram.counts.reduce((total, count) => total + count, 0)
}

export class Histogram {
  readonly #bounds: readonly number[]
  readonly #counts: number[]
  #sum = 0

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0)
  }

  observe(value: number): void {
    const at = bucketOf(this.#bounds, value)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
    this.#sum += value
  }

  /** A copy that later observations do not change. */
  value(): HistogramValue {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum }
  }
}

/** Index of the first bound that is not below `value`; `bounds.length` for the overflow. */
function bucketOf(bounds: readonly number[], value: number): number {
  let low = 0
  let high = bounds.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (value <= (bounds[middle] ?? Infinity)) high = middle
    else low = middle + 1
  }
  return low
}

/**
 * What was observed between two readings of a cumulative histogram, or undefined when that cannot
 * be said: the bounds changed, or a count fell (the source restarted).
 */
export function difference(
  earlier: HistogramValue,
  later: HistogramValue,
): HistogramValue | undefined {
  if (!sameBounds(earlier, later)) return undefined
  const counts = later.counts.map((count, at) => count - (earlier.counts[at] ?? 0))
  if (counts.some((count) => count < 0)) return undefined
  return { bounds: later.bounds, counts, sum: later.sum - earlier.sum }
}

/** Whether the counts of both mean the same buckets: only then may they be added or compared. */
export function sameBounds(a: HistogramValue, b: HistogramValue): boolean {
  if (a.bounds === b.bounds) return true
  if (a.bounds.length !== b.bounds.length) return false
  // A loop without calls: the sidecar asks thousands of times a second, without a compiler.
  for (let at = 0; at < a.bounds.length; at += 1) if (a.bounds[at] !== b.bounds[at]) return false
  return true
}

export interface Quantile {
  readonly value: number
  /** True when the bucket is wider than ±25 % of its middle: the value is a guess inside it. */
  readonly coarse: boolean
}

const coarseHalfWidthRatio = 0.25

/**
 * The q-quantile (0 < q < 1), interpolated linearly inside its bucket as Prometheus'
 * `histogram_quantile` does. Undefined for an empty histogram and for one without bounds. In the
 * overflow bucket the highest finite bound is all that is known, so the value is that bound and
 * coarse; in the first bucket nothing is known but that values lie below its bound, so coarse too.
 */
export function quantile(histogram: HistogramValue, q: number): Quantile | undefined {
  const rank = q * countOf(histogram)
  if (rank === 0 || histogram.bounds.length === 0) return undefined
  let below = 0
  for (const [at, count] of histogram.counts.entries()) {
    if (below + count >= rank && count > 0) {
      const lower = histogram.bounds[at - 1] ?? 0
      const upper = histogram.bounds[at]
      if (upper === undefined) return { value: lower, coarse: true }
      const value = lower + (upper - lower) * ((rank - below) / count)
      return {
        value,
        coarse: (upper - lower) / (upper + lower) > coarseHalfWidthRatio,
      }
    }
    below += count
  }
  return undefined
}

/**
 * Bounds with `perDecade` steps a decade, rounded to two digits (the Renard series: 1, 1.3, 1.6, 2,
 * 2.5, 3.2, 4, 5, 6.3, 7.9 for ten), from `from` up to and including `to`.
 */
export function geometricBounds(from: number, to: number, perDecade: number): readonly number[] {
  const bounds: number[] = []
  for (let step = 0; ; step += 1) {
    const bound = Number((from * 10 ** (step / perDecade)).toPrecision(2))
    if (bound >= to) return [...bounds, to]
    bounds.push(bound)
  }
}
