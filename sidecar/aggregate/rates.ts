import {
  difference,
  quantile,
  sameBounds,
  type HistogramValue,
  type Quantile,
} from '../../core/histogram.ts'
import type { ServingSample } from '../../core/snapshot.ts'

/** Contract §2: queries a second over the last 15 s, p95 over the last minute. */
export const rateWindowSeconds = 15
export const quantileWindowSeconds = 60

export type Cumulative = Pick<
  ServingSample,
  'requests' | 'queries' | 'pairs' | 'requestDuration' | 'pairDuration'
>

interface Entry {
  readonly atSeconds: number
  readonly figures: Cumulative
}

/**
 * The cumulative figures of the last minute, oldest first, and what they grew by. Bounded by the
 * window over the interval. A window that reaches back before the first reading is as long as there
 * are readings.
 */
export class ServingHistory {
  readonly #intervalSeconds: number
  #entries: readonly Entry[] = []

  constructor(intervalSeconds: number) {
    this.#intervalSeconds = intervalSeconds
  }

  add(
    atSeconds: number,
    { requests, queries, pairs, requestDuration, pairDuration }: Cumulative,
  ): void {
    this.#entries = [
      ...this.#within(quantileWindowSeconds, atSeconds),
      { atSeconds, figures: { requests, queries, pairs, requestDuration, pairDuration } },
    ]
  }

  /** A second, over the last 15 s before the latest reading; undefined when it cannot be said. */
  rate(figure: 'requests' | 'queries' | 'pairs'): number | undefined {
    const entries = this.#upToLatest(rateWindowSeconds)
    const first = entries[0]
    const last = entries.at(-1)
    if (first === undefined || last === undefined || first === last) return undefined
    const grown = increase(entries.map(({ figures }) => figures[figure]))
    return grown === undefined ? undefined : grown / (last.atSeconds - first.atSeconds)
  }

  /**
   * Over the last minute before the latest reading; undefined when nothing was answered in it. Where
   * the requests' buckets are too wide, that of the pairs if it is known (vLLM): coarse in another
   * way, as no request is faster than its pairs and many are slower.
   */
  p95(): (Quantile & { readonly of: 'request' | 'pair' }) | undefined {
    const request = this.#quantile('requestDuration', 0.95)
    const pair = request?.coarse === false ? undefined : this.#quantile('pairDuration', 0.95)
    if (pair !== undefined) return { ...pair, coarse: true, of: 'pair' }
    return request && { ...request, of: 'request' }
  }

  #quantile(figure: 'requestDuration' | 'pairDuration', q: number): Quantile | undefined {
    const grown = histogramIncrease(
      this.#upToLatest(quantileWindowSeconds).map(({ figures }) => figures[figure]),
    )
    return grown && quantile(grown, q)
  }

  #upToLatest(windowSeconds: number): readonly Entry[] {
    const latest = this.#entries.at(-1)
    return latest === undefined ? [] : this.#within(windowSeconds, latest.atSeconds)
  }

  /**
   * Readings jitter by less than half an interval; the one that opens the window must not fall out,
   * and a window shorter than an interval would hold no more than one reading.
   */
  #within(windowSeconds: number, endSeconds: number): readonly Entry[] {
    const begin =
      endSeconds - Math.max(windowSeconds, this.#intervalSeconds) - this.#intervalSeconds / 2
    return this.#entries.filter(({ atSeconds }) => atSeconds >= begin)
  }
}

/** What a counter grew by; after a reset it has grown by at least its new value. */
export function increase(values: readonly (number | undefined)[]): number | undefined {
  let total = 0
  for (const [at, later] of values.entries()) {
    if (later === undefined) return undefined
    const earlier = values[at - 1]
    if (earlier !== undefined) total += later >= earlier ? later - earlier : later
  }
  return total
}

/** As `increase`, bucket by bucket. Undefined when a reading lacks the histogram. */
export function histogramIncrease(
  values: readonly (HistogramValue | undefined)[],
): HistogramValue | undefined {
  let total: HistogramValue | undefined
  for (const [at, later] of values.entries()) {
    if (later === undefined) return undefined
    const earlier = values[at - 1]
    if (earlier === undefined) continue
    const grown = difference(earlier, later) ?? later
    total = total !== undefined && sameBounds(total, grown) ? sum(total, grown) : grown
  }
  return total
}

function sum(a: HistogramValue, b: HistogramValue): HistogramValue {
  return {
    bounds: b.bounds,
    counts: b.counts.map((count, at) => count + (a.counts[at] ?? 0)),
    sum: a.sum + b.sum,
  }
}
