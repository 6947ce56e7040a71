import type { Observation } from '../../core/observation.ts'
import { formatCount, formatRatio } from '../../core/units.ts'
import {
  intervalConfidence,
  minimumSamples,
  percentile,
  quantileInterval,
  type Interval,
} from './percentile.ts'
import type { Summary } from './run-file.ts'

/**
 * Whether a request's duration says how long people wait. A timeout does: they waited that long. A
 * refusal does not: counted in, a server that refuses quickly would look fast.
 */
export function entersLatency({ outcome }: Observation): boolean {
  return outcome === 'ok' || outcome === 'timeout'
}

export const responseSecondsOf = (observation: Observation): number =>
  observation.doneSeconds - observation.intendedSeconds
export const serviceSecondsOf = (observation: Observation): number =>
  observation.doneSeconds - observation.sentSeconds
export const lagSecondsOf = (observation: Observation): number =>
  observation.sentSeconds - observation.intendedSeconds

/** As an interval wants them: who stands next to whom may have waited in the same queue. */
export function inOrderOfTime(observations: readonly Observation[]): readonly Observation[] {
  return observations.toSorted((one, two) => one.intendedSeconds - two.intendedSeconds)
}

/** Sorted, for `percentile`. */
export function sorted(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort()
}

/** `scheduled`: there are intended times; without them there is no response time to speak of. */
export function latencyOf(
  observations: readonly Observation[],
  scheduled = true,
): {
  readonly latencySeconds: Summary['latencySeconds']
  readonly notes: readonly string[]
} {
  const counted = inOrderOfTime(observations.filter(entersLatency))
  const responses = scheduled ? counted.map(responseSecondsOf) : []
  const response = sorted(responses)
  const service = sorted(counted.map(serviceSecondsOf))
  const samples = counted.length
  const interval = quantileInterval(responses, 0.95)
  return {
    latencySeconds: {
      samples,
      response: {
        ...distributionOf(response),
        p95Interval: interval === undefined ? null : [...interval.bounds],
        p95IntervalConfidence: interval?.confidence ?? null,
      },
      service: distributionOf(service),
      batch: batchLatencyOf(counted),
      server: serverPhasesOf(counted),
    },
    notes: notesOf(samples, observations.length, interval),
  }
}

/** p99 is null where samples are too few for it: the longest of them would stand in its place. */
function distributionOf(sorted: Float64Array): Summary['latencySeconds']['service'] {
  const at = (q: number) => percentile(sorted, q) ?? null
  const { length } = sorted
  return {
    p50: at(0.5),
    p90: at(0.9),
    p95: at(0.95),
    p99: length < minimumSamples.p99 ? null : at(0.99),
    max: at(1),
    mean: length === 0 ? null : sorted.reduce((sum, value) => sum + value, 0) / length,
  }
}

function notesOf(
  samples: number,
  requests: number,
  interval: Interval | undefined,
): readonly string[] {
  const few = formatCount(samples)
  const excluded = requests - samples
  const worth =
    interval !== undefined && interval.samples < samples
      ? `${few} samples, which waited for each other and tell as much as ${formatCount(interval.samples)} independent ones,`
      : `${few} samples`
  return [
    ...(samples < minimumSamples.p99
      ? [`there is no p99: it takes ${String(minimumSamples.p99)} samples, and this run has ${few}`]
      : []),
    ...(interval !== undefined && interval.confidence < intervalConfidence
      ? [
          `the interval of p95 holds with ${formatRatio(interval.confidence)} confidence only: ${worth} are too few for ${formatRatio(intervalConfidence)}`,
        ]
      : []),
    ...(samples < minimumSamples.p95
      ? [`p95 is a rough figure: it stands on ${few} samples, under ${String(minimumSamples.p95)}`]
      : []),
    ...(excluded > 0
      ? [
          `${formatCount(excluded)} requests that failed at once (anything but a timeout) are not in the latencies`,
        ]
      : []),
  ]
}

/** A batch lasts from its first request, recorded ones need not be at one instant, to its last answer. */
function batchLatencyOf(counted: readonly Observation[]): Summary['latencySeconds']['batch'] {
  const batches = new Map<number, { first: number; last: number }>()
  for (const { batch, intendedSeconds, doneSeconds } of counted) {
    const { first = Infinity, last = 0 } = batches.get(batch) ?? {}
    batches.set(batch, {
      first: Math.min(first, intendedSeconds),
      last: Math.max(last, doneSeconds),
    })
  }
  if (batches.size === counted.length) return null
  const values = sorted([...batches.values()].map(({ first, last }) => last - first))
  return { p50: percentile(values, 0.5) ?? null, p95: percentile(values, 0.95) ?? null }
}

function serverPhasesOf(counted: readonly Observation[]): Summary['latencySeconds']['server'] {
  const median = (phase: keyof Summary['latencySeconds']['server']) =>
    percentile(sorted(counted.flatMap(({ server }) => server?.[phase] ?? [])), 0.5) ?? null
  return {
    totalSeconds: median('totalSeconds'),
    tokeniseSeconds: median('tokeniseSeconds'),
    queueSeconds: median('queueSeconds'),
    inferSeconds: median('inferSeconds'),
  }
}

export function byShapeOf(
  observations: readonly Observation[],
  scheduled = true,
): Summary['byShape'] {
  const shapes = [...new Set(observations.map(({ documents }) => documents))].sort((a, b) => a - b)
  return shapes.map((documents) => {
    const own = observations.filter((observation) => observation.documents === documents)
    const response = sorted(scheduled ? own.filter(entersLatency).map(responseSecondsOf) : [])
    return {
      documents,
      requests: own.length,
      responseSeconds: {
        p50: percentile(response, 0.5) ?? null,
        p95: percentile(response, 0.95) ?? null,
      },
    }
  })
}
