import type { Observation } from '../../core/observation.ts'
import { formatCount, formatDuration } from '../../core/units.ts'
import { lagSecondsOf, sorted } from './latency.ts'
import { percentile } from './percentile.ts'
import type { Summary } from './run-file.ts'

/** What makes a run INVALID: the generator, not the target, was too slow or was stopped. */
export const validityLimits = {
  /** A late request is a different load. Whichever is larger counts. */
  lagP99Seconds: 0.01,
  lagP99OfPeriod: 0.05,
  achievedRateDeviation: 0.01,
}

export interface Schedule {
  /** Queries a second. */
  readonly requestedRate: number
  readonly periodSeconds: number
  readonly plannedRequests: number
}

export interface Ending {
  readonly unsent: number
  readonly unfinished: number
  readonly delayedByLimit: number
  readonly maximumInFlight: number
}

/**
 * The verdict on the generator itself. The achieved rate is the requested one as far as the requests
 * took no longer, from the first to the last, to be sent than they were meant to: arrivals need not
 * be evenly spaced, and for a kept schedule it is the requested rate exactly.
 */
export function validityOf(
  observations: readonly Observation[],
  schedule: Schedule,
  ending: Ending,
): Summary['validity'] {
  const lags = sorted(observations.map(lagSecondsOf))
  const lag = (q: number) => percentile(lags, q) ?? null
  const dispatchLagSeconds = { p50: lag(0.5), p95: lag(0.95), p99: lag(0.99), max: lag(1) }
  const achievedRate = achievedRateOf(observations, schedule)
  const reasons = [
    ...interruptionOf(schedule, ending),
    ...limitOf(ending),
    ...latenessOf(dispatchLagSeconds.p99, schedule),
    ...deviationOf(achievedRate, schedule),
  ]
  return {
    valid: reasons.length === 0,
    reasons,
    requestedRate: schedule.requestedRate,
    achievedRate,
    dispatchLagSeconds,
  }
}

function achievedRateOf(
  observations: readonly Observation[],
  { requestedRate, periodSeconds }: Schedule,
): number | null {
  if (observations.length === 0) return null
  const span = (secondsOf: (observation: Observation) => number) => {
    let first = Infinity
    let last = -Infinity
    for (const observation of observations) {
      first = Math.min(first, secondsOf(observation))
      last = Math.max(last, secondsOf(observation))
    }
    return last - first + periodSeconds
  }
  const intended = span(({ intendedSeconds }) => intendedSeconds)
  return (requestedRate * intended) / span(({ sentSeconds }) => sentSeconds)
}

function interruptionOf(
  { plannedRequests }: Schedule,
  { unsent, unfinished }: Ending,
): readonly string[] {
  if (unsent === 0 && unfinished === 0) return []
  return [
    `the run was interrupted: of ${formatCount(plannedRequests)} requests ${formatCount(unsent)} were never sent and ${formatCount(unfinished)} were given up unanswered`,
  ]
}

function limitOf({ delayedByLimit, maximumInFlight }: Ending): readonly string[] {
  if (delayedByLimit === 0) return []
  return [
    `${formatCount(delayedByLimit)} requests were sent late because ${formatCount(maximumInFlight)} others, as many as the generator allows, were still waiting`,
  ]
}

function latenessOf(lagP99: number | null, { periodSeconds }: Schedule): readonly string[] {
  const allowed = Math.max(
    validityLimits.lagP99Seconds,
    validityLimits.lagP99OfPeriod * periodSeconds,
  )
  if (lagP99 === null || lagP99 <= allowed) return []
  return [
    `the generator could not keep its schedule: p99 of the dispatch lag is ${formatDuration(lagP99)}, allowed are ${formatDuration(allowed)}`,
  ]
}

function deviationOf(achievedRate: number | null, { requestedRate }: Schedule): readonly string[] {
  if (achievedRate === null) return ['no request was sent']
  const deviation = achievedRate / requestedRate - 1
  if (Math.abs(deviation) <= validityLimits.achievedRateDeviation) return []
  return [
    `${achievedRate.toFixed(2)} queries/s were sent instead of ${formatCount(requestedRate)} (${deviation > 0 ? '+' : '−'}${(Math.abs(deviation) * 100).toFixed(1)} %)`,
  ]
}
