import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { dialectNamed } from '../../core/dialects/index.ts'
import type { Observation } from '../../core/observation.ts'
import { datasets } from '../../loadgen/dataset/index.ts'
import type { EngineMember, Replay, ReplayEnd } from '../../loadgen/engines/index.ts'
import { judge } from '../../loadgen/measure/response.ts'
import { bodiesOf, BodyComposer } from '../../loadgen/plan/body.ts'
import { planFileOf, writePlan } from '../../loadgen/plan/files.ts'
import { planOf, type PlanItem } from '../../loadgen/plan/plan.ts'
import type { Profile } from '../../loadgen/plan/profiles.ts'

const tei = dialectNamed('tei')!
const dataset = await datasets[0]!.load({ seed: 1, queries: 500 })

export interface Replayed extends ReplayEnd {
  readonly observations: readonly Observation[]
  /** Of t = 0, on performance.now(). */
  readonly startSeconds: number
}

/** An engine alone, without preflight, folder and sidecar: any schedule against any server. */
export async function replayWith(
  member: EngineMember,
  url: string,
  {
    profile,
    seconds,
    program,
    instants,
    padded,
    ...overrides
  }: {
    profile: Profile
    seconds: number
    program?: string | undefined
    /** When each request is due, in place of the profile's own schedule. */
    instants?: readonly number[]
    padded?: (item: PlanItem, body: Buffer) => Buffer
  } & Partial<Replay>,
): Promise<Replayed> {
  const engine = await member.find({ program, environment: process.env })
  const { plan: made, bodies, composer } = plannedFor(profile, seconds)
  const items = made.items.map((item, at) => ({
    ...item,
    intendedSeconds: instants?.[at] ?? item.intendedSeconds,
  }))
  const plan = { ...made, items }
  const observations: Observation[] = []
  let startSeconds = Number.NaN
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-replay-'))
  await writePlan(
    folder,
    plan,
    planFileOf(plan, {
      dialect: 'tei',
      path: '/rerank',
      headers: { 'content-type': 'application/json' },
      bodies,
    }),
  )
  const end = await engine
    .replay({
      endpoint: { origin: url, path: '/rerank', headers: {} },
      judge: (message, item) => judge(message, tei, item),
      items: plan.items,
      warmUp: plan.warmUp,
      bodyOf: (item) => {
        const body = composer.compose(item)
        return padded?.(item, body) ?? body
      },
      folder,
      traceIdPrefix: 'ab'.repeat(8),
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
    .finally(() => {
      rmSync(folder, { recursive: true })
    })
  observations.sort((a, b) => a.index - b.index)
  return { ...end, observations, startSeconds }
}

/** What a profile sends to a server of TEI's dialect. */
export function plannedFor(profile: Profile, seconds: number) {
  const plan = planOf(profile, { seconds, seed: 1, dataset })
  const bodies = bodiesOf(tei, [...plan.items, ...plan.warmUp.flat()])
  return { plan, bodies, composer: new BodyComposer(bodies, plan.texts) }
}

/** A constant schedule of single requests of `documents` documents. */
export function steady(queriesPerSecond: number, documents = 10): Profile {
  return {
    name: 'steady',
    summary: '',
    arrivals: { kind: 'constant', queriesPerSecond },
    queriesPerBatch: 1,
    shapes: { documents: [documents] },
  }
}
