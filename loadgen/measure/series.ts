import type { Observation } from '../../core/observation.ts'
import { entersLatency, responseSecondsOf, sorted } from './latency.ts'
import { percentile } from './percentile.ts'
import type { Summary } from './run-file.ts'

type Series = NonNullable<Summary['series']>

/** A point a second up to ten minutes; longer runs get longer steps, never more points. */
const maximumPoints = 600
const steps = [1, 2, 5, 10, 15, 30, 60, 120] as const

/** Seconds between the points of the series of a run that lasts `spanSeconds`. */
export function seriesStepOf(spanSeconds: number): number {
  return (
    steps.find((step) => spanSeconds / step <= maximumPoints) ??
    Math.ceil(spanSeconds / maximumPoints)
  )
}

/**
 * How a run went, cut into steps of `stepSeconds`. Offered and latencies go by the intended instant,
 * achieved and failed by the end; in flight is the mean over the step. What is left over at the end
 * joins the last whole step: a sliver's rate means nothing.
 */
export function seriesOf(
  observations: readonly Observation[],
  spanSeconds: number,
  stepSeconds = seriesStepOf(spanSeconds),
): Series {
  if (observations.length === 0) return { stepSeconds, points: [] }
  const count = Math.max(1, Math.floor(spanSeconds / stepSeconds + 1e-9))
  // The small addend keeps an instant on a step's edge out of the step before.
  const stepAt = (seconds: number) =>
    Math.min(count - 1, Math.max(0, Math.floor(seconds / stepSeconds + 1e-9)))
  const endOf = (at: number) => (at === count - 1 ? spanSeconds : (at + 1) * stepSeconds)
  const cells = Array.from({ length: count }, () => ({
    offered: 0,
    achieved: 0,
    failed: 0,
    latencies: [] as number[],
    busySeconds: 0,
  }))
  for (const one of observations) {
    const { queries = 1, intendedSeconds, sentSeconds, doneSeconds, outcome } = one
    const due = cells[stepAt(intendedSeconds)]
    const ended = cells[stepAt(doneSeconds)]
    if (due === undefined || ended === undefined) continue
    due.offered += queries
    if (entersLatency(one)) due.latencies.push(responseSecondsOf(one))
    if (outcome === 'ok') ended.achieved += queries
    else ended.failed += 1
    for (let at = stepAt(sentSeconds); at <= stepAt(doneSeconds); at += 1) {
      const overlap = Math.min(doneSeconds, endOf(at)) - Math.max(sentSeconds, at * stepSeconds)
      const cell = cells[at]
      if (cell !== undefined) cell.busySeconds += Math.max(0, overlap)
    }
  }
  return {
    stepSeconds,
    points: cells.map(({ offered, achieved, failed, latencies, busySeconds }, at) => {
      const width = endOf(at) - at * stepSeconds
      const rising = sorted(latencies)
      return {
        atSeconds: at * stepSeconds,
        offeredQueriesPerSecond: offered / width,
        achievedQueriesPerSecond: achieved / width,
        failed,
        p50Seconds: percentile(rising, 0.5) ?? null,
        p95Seconds: percentile(rising, 0.95) ?? null,
        inFlight: busySeconds / width,
      }
    }),
  }
}
