import { systemClock } from '../../core/clock.ts'
import { dialectNamed } from '../../core/dialects/index.ts'
import type { Observation } from '../../core/observation.ts'
import { datasets } from '../../loadgen/dataset/index.ts'
import type { Engine, Replay, ReplayEnd } from '../../loadgen/engines/index.ts'
import { judge } from '../../loadgen/measure/response.ts'
import { BodyComposer, bodyTemplateOf } from '../../loadgen/plan/body.ts'
import { planOf } from '../../loadgen/plan/plan.ts'
import type { Profile } from '../../loadgen/plan/profiles.ts'

const tei = dialectNamed('tei')!
const dataset = datasets[0]!.load(1)

export interface Replayed extends ReplayEnd {
  readonly observations: readonly Observation[]
  /** Of t = 0, on performance.now(). */
  readonly startSeconds: number
}

/** An engine alone, without preflight, folder and sidecar: any schedule against any server. */
export async function replayWith(
  engine: Engine,
  url: string,
  { profile, seconds, ...overrides }: { profile: Profile; seconds: number } & Partial<Replay>,
): Promise<Replayed> {
  const plan = planOf(profile, { seconds, seed: 1, dataset })
  const bodies = Object.fromEntries(
    profile.documentCounts.map((count) => [count, bodyTemplateOf(tei, count)]),
  )
  const composer = new BodyComposer(bodies, plan.texts)
  const observations: Observation[] = []
  let startSeconds = Number.NaN
  const end = await engine.replay({
    endpoint: { origin: url, path: '/rerank', headers: {} },
    judge: (message, documents) => judge(message, tei, documents),
    items: plan.items,
    warmUp: plan.warmUp,
    bodyOf: (item) => composer.compose(item),
    traceparentOf: ({ index }) =>
      `00-${'ab'.repeat(8)}${index.toString(16).padStart(16, '0')}-${'1'.repeat(16)}-01`,
    timeoutSeconds: 30,
    maximumInFlight: plan.items.length,
    drainSeconds: 1,
    clock: systemClock,
    signal: new AbortController().signal,
    onStart: (seconds) => {
      startSeconds = seconds
    },
    onSent: () => undefined,
    onObservation: (observation) => observations.push(observation),
    ...overrides,
  })
  observations.sort((a, b) => a.index - b.index)
  return { ...end, observations, startSeconds }
}

/** A constant schedule of single requests of `documents` documents. */
export function steady(queriesPerSecond: number, documents = 10): Profile {
  return {
    name: 'steady',
    summary: '',
    queriesPerSecond,
    queriesPerBatch: 1,
    documentCounts: [documents],
    arrivals: 'constant',
  }
}
