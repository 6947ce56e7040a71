import type { Observation } from '../../core/observation.ts'
import { effectiveSamples } from './effective-samples.ts'
import {
  entersLatency,
  inOrderOfTime,
  responseSecondsOf,
  serviceSecondsOf,
  sorted,
} from './latency.ts'
import { intervalConfidence, minimumSamples, percentile } from './percentile.ts'
import type { SloThreshold } from './slo.ts'

/** Whether a rate keeps the thresholds, as far as the requests that ended can tell. */
export type StepVerdict = 'kept' | 'missed' | 'undecided'

/** A queue that grows by so much of each second is one that never ends, however short it still is. */
const growthLimit = 0.02
/** Where no threshold is of a latency, or a short one: what was just sent says nothing yet. */
const leastPatienceSeconds = 1
const quantiles = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const

/**
 * The verdict over all thresholds. One that is surely missed decides; `kept` takes all of them, and
 * a queue that does not grow.
 */
export function stepVerdict(
  observations: readonly Observation[],
  thresholds: readonly SloThreshold[],
  confidence = intervalConfidence,
): StepVerdict {
  if (observations.length < minimumSamples.p50) return 'undecided'
  if (queueGrows(observations)) return 'missed'
  const verdicts = thresholds.map((threshold) => verdictOn(threshold, observations, confidence))
  if (verdicts.includes('missed')) return 'missed'
  return verdicts.includes('undecided') ? 'undecided' : 'kept'
}

/** A look at a run while it lasts: how many requests had been sent by then. */
export interface Look {
  readonly atSeconds: number
  readonly sent: number
}

/**
 * Whether a rate may be called kept before its step is over. Those that ended first are the fast ones,
 * so this is asked of all that had been sent by a look long enough ago: whoever of them still waits
 * has waited longer than any threshold allows, and may come to nothing.
 */
export function keptSoFar(
  observations: readonly Observation[],
  thresholds: readonly SloThreshold[],
  {
    looks,
    nowSeconds,
    confidence,
  }: {
    readonly looks: readonly Look[]
    readonly nowSeconds: number
    readonly confidence: number
  },
): boolean {
  const limits = thresholds.flatMap(({ of, limit }) => (of === null ? [] : limit))
  const patience = Math.max(leastPatienceSeconds, ...limits)
  const look = looks.findLast(({ atSeconds }) => atSeconds <= nowSeconds - patience)
  if (look === undefined) return false
  const { atSeconds, sent } = look
  const ended = observations.filter(({ sentSeconds }) => sentSeconds <= atSeconds)
  const waiting = Array.from({ length: Math.max(0, sent - ended.length) }, (): Observation => ({
    ...{ index: 0, batch: 0, documents: 1, outcome: 'timeout' },
    ...{ intendedSeconds: atSeconds, sentSeconds: atSeconds, doneSeconds: nowSeconds },
  }))
  return stepVerdict([...ended, ...waiting], thresholds, confidence) === 'kept'
}

function verdictOn(
  threshold: SloThreshold,
  observations: readonly Observation[],
  confidence: number,
): StepVerdict {
  switch (threshold.figure) {
    case 'errors': {
      const failures = inOrderOfTime(observations).map(({ outcome }) => Number(outcome !== 'ok'))
      return compared(wilson(failures, confidence), threshold.limit)
    }
    // Known at the end alone: the schedule is not over.
    case 'rate':
    case 'max':
      return 'undecided'
    case 'mean':
      return compared(meanInterval(valuesOf(threshold, observations), confidence), threshold.limit)
    case 'p50':
    case 'p90':
    case 'p95':
    case 'p99': {
      // A p95 within the limit: no more than 5 % are over it.
      const over = valuesOf(threshold, observations).map((value) => Number(value > threshold.limit))
      return compared(wilson(over, confidence), 1 - quantiles[threshold.figure])
    }
  }
}

function compared([lower, upper]: readonly [number, number], limit: number): StepVerdict {
  if (lower > limit) return 'missed'
  return upper <= limit ? 'kept' : 'undecided'
}

/** In order of time. */
function valuesOf({ of }: SloThreshold, observations: readonly Observation[]): Float64Array {
  const secondsOf = of === 'service' ? serviceSecondsOf : responseSecondsOf
  return Float64Array.from(inOrderOfTime(observations.filter(entersLatency)), secondsOf)
}

/** 1.96 for 95 %, 2.576 for 99 %: the two that are used. */
const normalQuantile = (confidence: number): number => (confidence > 0.97 ? 2.576 : 1.96)

/** Of a share: a 1 for each that counts, a 0 for each other, in order of time. */
function wilson(series: ArrayLike<number>, confidence: number): readonly [number, number] {
  const z = normalQuantile(confidence)
  const share = Array.from(series).reduce((sum, value) => sum + value, 0) / series.length
  const count = effectiveSamples(series)
  const middle = share + (z * z) / (2 * count)
  const half = z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))
  const scale = 1 + (z * z) / count
  return [Math.max(0, (middle - half) / scale), (middle + half) / scale]
}

function meanInterval(values: Float64Array, confidence: number): readonly [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0)
  const error = Math.sqrt(squares / values.length / effectiveSamples(values))
  const half = normalQuantile(confidence) * error
  return [mean - half, mean + half]
}

/**
 * Whether responses grow longer all the time, as they do when more is offered than is served: the
 * slope over all requests, and the last quarter's median over the first's, which one outlier cannot move.
 */
function queueGrows(observations: readonly Observation[]): boolean {
  const counted = inOrderOfTime(observations.filter(entersLatency))
  const count = counted.length
  if (count < minimumSamples.p50) return false
  const mean = (of: (one: Observation) => number) =>
    counted.reduce((sum, one) => sum + of(one), 0) / count
  const [time, response] = [mean((one) => one.intendedSeconds), mean(responseSecondsOf)]
  const covariance = mean(
    (one) => (one.intendedSeconds - time) * (responseSecondsOf(one) - response),
  )
  const variance = mean((one) => (one.intendedSeconds - time) ** 2)
  if (variance === 0 || covariance / variance < growthLimit) return false
  const quarter = Math.floor(count / 4)
  const median = (part: readonly Observation[]) =>
    percentile(sorted(part.map(responseSecondsOf)), 0.5) ?? 0
  return median(counted.slice(-quarter)) > 1.5 * median(counted.slice(0, quarter))
}
