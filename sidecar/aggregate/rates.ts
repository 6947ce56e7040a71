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

const durations = ['requestDuration', 'pairDuration'] as const
type Duration = (typeof durations)[number]

interface Entry {
  readonly atSeconds: number
  readonly figures: Cumulative
  /** Those that go on from the entry before: found out once, for they are asked for 60 times. */
  readonly continuing: readonly Duration[]
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
    const figures = { requests, queries, pairs, requestDuration, pairDuration }
    const before = this.#entries.at(-1)?.figures
    const continuing = durations.filter((each) => continues(before?.[each], figures[each]))
    this.#entries = [
      ...this.#within(quantileWindowSeconds, atSeconds),
      { atSeconds, figures, continuing },
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

  #quantile(figure: Duration, q: number): Quantile | undefined {
    const entries = this.#upToLatest(quantileWindowSeconds)
    const grown = histogramIncrease(
      entries.map(({ figures }) => figures[figure]),
      (at) => entries[at]?.continuing.includes(figure) === true,
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

/**
 * As `increase`, bucket by bucket. Undefined when a reading lacks the histogram. Readings that continue
 * each other grew by what lies between the first and the last of them: subtracting every pair would
 * be most of what a snapshot costs. `continuesAt` says whether the one at a place goes on from that before it.
 */
export function histogramIncrease(
  values: readonly (HistogramValue | undefined)[],
  continuesAt = (at: number) => continues(values[at - 1], values[at]),
): HistogramValue | undefined {
  let total: HistogramValue | undefined
  let [first, last] = [values[0], values[0]]
  for (let at = 1; at < values.length; at += 1) {
    const later = values[at]
    if (last === undefined || later === undefined) return undefined
    if (!continuesAt(at)) {
      total = sum(total, since(first, last))
      first = undefined
    }
    last = later
  }
  return last === undefined || values.length < 2 ? undefined : sum(total, since(first, last))
}

/** Whether the source went on counting in between: the same buckets, and none that fell. */
function continues(
  earlier: HistogramValue | undefined,
  later: HistogramValue | undefined,
): boolean {
  if (earlier === undefined || later === undefined || !sameBounds(earlier, later)) return false
  for (let at = 0; at < later.counts.length; at += 1) {
    if ((later.counts[at] ?? 0) < (earlier.counts[at] ?? 0)) return false
  }
  return true
}

/** `earlier` undefined: since the source began to count. */
function since(earlier: HistogramValue | undefined, later: HistogramValue): HistogramValue {
  return (earlier && difference(earlier, later)) ?? later
}

/** Other buckets than before cannot be added to them: what is told in the new ones counts alone. */
function sum(before: HistogramValue | undefined, grown: HistogramValue): HistogramValue {
  if (before === undefined || !sameBounds(before, grown)) return grown
  return {
    bounds: grown.bounds,
    counts: grown.counts.map((count, at) => count + (before.counts[at] ?? 0)),
    sum: before.sum + grown.sum,
  }
}
