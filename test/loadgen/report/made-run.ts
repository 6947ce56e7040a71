import type { Observation } from '../../../core/observation.ts'
import type { Run } from '../../../loadgen/index.ts'
import type { SloThreshold } from '../../../loadgen/measure/slo.ts'
import { summarize, type RunFacts } from '../../../loadgen/measure/summarize.ts'
import type { TelemetrySample } from '../../../loadgen/measure/telemetry.ts'

export interface MadeRun {
  readonly name?: string
  readonly folder?: string
  readonly seconds?: number
  readonly queriesPerSecond?: number
  /** Of request k with so many documents. */
  readonly latencyOf?: (k: number, documents: number) => number
  readonly outcomeOf?: (k: number) => Observation['outcome']
  readonly slo?: readonly SloThreshold[]
  readonly gpu?: boolean
  readonly tokens?: boolean
  readonly changes?: Partial<RunFacts>
}

/** A run whose every figure is known: nothing is sent, so nothing depends on the machine. */
export function madeRun(made: MadeRun = {}): Run {
  const { name = 'low', folder = `runs/${name}`, seconds = 20, queriesPerSecond = 5 } = made
  const counts = [10, 20, 30, 40, 50]
  const observations = Array.from({ length: seconds * queriesPerSecond }, (_, k): Observation => {
    const documents = counts[k % counts.length]!
    const intendedSeconds = k / queriesPerSecond
    return {
      index: k,
      batch: k,
      documents,
      // Short and long documents by turns, tokens by both counts.
      characters: documents * (Math.floor(k / 5) % 2 === 0 ? 600 : 1100),
      ...(made.tokens === true && { tokens: documents * 400, computedTokens: documents * 380 }),
      intendedSeconds,
      sentSeconds: intendedSeconds + 0.0005,
      doneSeconds: intendedSeconds + (made.latencyOf?.(k, documents) ?? 0.02 + documents / 1000),
      outcome: made.outcomeOf?.(k) ?? 'ok',
      status: 200,
    }
  })
  const telemetry = made.gpu === false ? [] : looks(seconds)
  const facts: RunFacts = {
    startedAt: '2026-11-22T10:00:00.000Z',
    endedAt: '2026-11-22T10:00:20.000Z',
    target: { url: 'http://127.0.0.1:8080', dialect: 'tei', server: 'tei', model: 'made' },
    profile: {
      name,
      queriesPerSecond,
      queriesPerBatch: 1,
      documentsPerQuery: [10, 50],
      documentCounts: counts,
      arrivals: 'constant',
      seconds,
      seed: 1,
    },
    engine: {
      name: 'autocannon',
      version: '9.0.0',
      timeoutSeconds: 60,
      maximumInFlight: 100,
      delayedByLimit: 0,
      warmUp: { requests: 5, succeeded: 5 },
      eventLoopDelaySeconds: { p99: 0, max: 0 },
      traceIdPrefix: '0123456789abcdef',
    },
    dataset: { name: 'synthetic', queries: 500, fillShare: 0.4, repeatShare: 0 },
    sidecar: made.gpu === false ? null : { url: 'http://127.0.0.1:9464', failures: 0, reason: '' },
    totals: { planned: observations.length, unsent: 0, unfinished: 0 },
    slo: made.slo ?? [],
    ...made.changes,
  }
  return { folder, observations, telemetry, summary: summarize(facts, observations, telemetry) }
}

/** A GPU whose utilisation goes up and down between 45 and 95 %, mean 70 %. */
function looks(seconds: number): TelemetrySample[] {
  let busySeconds = 0
  return Array.from({ length: seconds + 2 }, (_, second) => {
    const utilizationRatio = 0.7 + 0.25 * Math.sin((second * Math.PI) / 5)
    busySeconds += utilizationRatio
    return {
      atSeconds: second - 0.5,
      takenAtSeconds: 1000 + second,
      devices: [
        {
          uuid: 'GPU-made',
          name: 'NVIDIA H100',
          kind: 'nvidia',
          measurable: true,
          utilizationRatio,
          memoryUsedBytes: 4e9,
          powerRatio: 0.6,
          busySeconds,
          observedSeconds: second,
          energyJoules: 300 * second,
        },
      ],
      queuePairs: 2,
    }
  })
}
