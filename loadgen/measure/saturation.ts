import { usageError } from '../../core/errors.ts'
import { pairsOf, type Observation } from '../../core/observation.ts'
import { formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import { sorted } from './latency.ts'
import { percentile } from './percentile.ts'
import type { Summary } from './run-file.ts'
import { sloName, type SloThreshold } from './slo.ts'

/** What a saturated run was, apart from what was measured. */
export type SaturationFacts = Pick<
  NonNullable<Summary['saturation']>,
  'concurrency' | 'lastedSeconds'
>

/** With fewer of the requests on their way, the target was not kept as busy as was asked for. */
const minimumInFlightRatio = 0.9
/** Less would be said as 0 %. */
const worthSayingShare = 0.005

/** The figures that only a run without a schedule has. Pure. */
export function saturationOf(
  { concurrency, lastedSeconds }: SaturationFacts,
  observations: readonly Observation[],
): NonNullable<Summary['saturation']> {
  let busySeconds = 0
  const pairs = Array.from({ length: Math.floor(lastedSeconds + 1e-9) }, () => 0)
  for (const one of observations) {
    busySeconds += Math.max(0, Math.min(one.doneSeconds, lastedSeconds) - one.sentSeconds)
    const second = Math.floor(one.doneSeconds)
    if (one.outcome === 'ok' && second < pairs.length) {
      pairs[second] = (pairs[second] ?? 0) + pairsOf(one)
    }
  }
  const values = sorted(pairs)
  const at = (q: number) => percentile(values, q) ?? null
  return {
    ...{ concurrency, lastedSeconds },
    meanInFlight: lastedSeconds === 0 ? 0 : busySeconds / lastedSeconds,
    pairsEachSecond: {
      mean:
        pairs.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / pairs.length,
      ...{ min: at(0), max: at(1), p5: at(0.05), p95: at(0.95) },
    },
  }
}

/** What a reader must know of every such run, and of this one. */
export function saturationNotes(
  { concurrency, meanInFlight }: NonNullable<Summary['saturation']>,
  repeatShare: number,
): readonly string[] {
  const asked = formatCount(concurrency)
  return [
    `saturated: ${asked} requests were kept on their way, so the target set the rate; latencies are service times, and do not say how long users would wait`,
    ...(meanInFlight < minimumInFlightRatio * concurrency
      ? [
          `on average ${formatCount(meanInFlight)} of ${asked} requests were on their way: requests that failed paused their place, or the generator was the slower one`,
        ]
      : []),
    ...(repeatShare >= worthSayingShare
      ? [
          `${formatRatio(repeatShare)} of the pairs had been sent before in this run: a target that keeps scores computed less than it answered`,
        ]
      : []),
  ]
}

/** The verdict on the generator: it has no schedule to miss, but it can be stopped. */
export function saturationValidity(
  observations: readonly Observation[],
  { lastedSeconds }: SaturationFacts,
  schedule: { readonly seconds: number; readonly queriesPerSecond: number },
  unfinished: number,
): Summary['validity'] {
  const early = lastedSeconds < schedule.seconds
  const reasons = [
    ...(early
      ? [
          `sending ended after ${formatDuration(lastedSeconds)} of ${formatDuration(schedule.seconds)}: the run was interrupted, or held as many requests as it can`,
        ]
      : []),
    ...(unfinished > 0 ? [`${formatCount(unfinished)} requests were given up unanswered`] : []),
    ...(observations.length === 0 ? ['no request was sent'] : []),
  ]
  const unknown = { p50: null, p95: null, p99: null, max: null }
  return {
    valid: reasons.length === 0,
    reasons,
    requestedRate: schedule.queriesPerSecond,
    achievedRate: observations.length === 0 ? null : schedule.queriesPerSecond,
    dispatchLagSeconds: unknown,
  }
}

/**
 * The pairs that came again, when a pool of `pooledPairs`, of which `repeatShare` are repeats, was gone
 * through until `offeredPairs` were sent.
 */
export function repeatShareOver(
  repeatShare: number,
  pooledPairs: number,
  offeredPairs: number,
): number {
  if (offeredPairs <= pooledPairs) return repeatShare
  return 1 - ((1 - repeatShare) * pooledPairs) / offeredPairs
}

/** @throws UserError (usage) for thresholds that a run without a schedule cannot be held to. */
export function requireSaturatedSlo(thresholds: readonly SloThreshold[]): void {
  const schedule = thresholds.find(({ figure, of }) => of === 'response' || figure === 'rate')
  if (schedule === undefined) return
  throw usageError(
    `--slo ${sloName(schedule)} counts from a schedule, and --mode saturate has none: ${schedule.figure === 'rate' ? 'leave it out' : `write service.${schedule.figure}`}.`,
  )
}
