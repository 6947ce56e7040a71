import { randomBytes } from 'node:crypto'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { present } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import type { Observation } from '../core/observation.ts'
import type { TargetUrl } from '../core/target-url.ts'
import type { Engine, Replay, ReplayEnd } from './engines/index.ts'
import { SidecarPoller } from './measure/poller.ts'
import { ProgressMeter, type Progress } from './measure/progress.ts'
import type { RunFacts } from './measure/summarize.ts'
import type { TelemetrySample } from './measure/telemetry.ts'
import type { Plan } from './plan/plan.ts'
import { maximumRequests } from './plan/schedule.ts'

const drainSeconds = 5
const nanosecondsPerSecond = 1e9
const eventLoopLookMilliseconds = 10

export interface Session {
  readonly plan: Plan
  readonly engine: Engine
  readonly replay: Pick<Replay, 'endpoint' | 'judge' | 'bodyOf' | 'timeoutSeconds' | 'folder'>
  /** Undefined: no GPU figures. */
  readonly sidecar: TargetUrl | undefined
}

export interface SessionContext {
  /** Aborts: stop sending, drain, and return what was measured. */
  readonly signal: AbortSignal
  readonly clock: Clock
  /** Called once a second. */
  readonly onProgress: (progress: Progress) => void
  readonly onObservation?: ((observation: Observation) => void) | undefined
}

export interface Measured extends Pick<
  RunFacts,
  'startedAt' | 'endedAt' | 'engine' | 'sidecar' | 'totals' | 'saturation'
> {
  /** In order of the plan. */
  readonly observations: readonly Observation[]
  readonly telemetry: readonly TelemetrySample[]
}

/** Replays the plan while looking at the sidecar and at the generator's own event loop. */
export async function measure(
  { plan, engine, replay, sidecar }: Session,
  { signal, clock, onProgress, onObservation }: SessionContext,
): Promise<Measured> {
  const poller = sidecar === undefined ? undefined : new SidecarPoller(sidecar, clock)
  const meter = meterOf(plan, clock, poller)
  const eventLoop = monitorEventLoopDelay({ resolution: eventLoopLookMilliseconds })
  const observations: Observation[] = []
  const traceIdPrefix = randomBytes(8).toString('hex')
  const capacity =
    plan.saturation?.concurrency ?? Math.min(engine.maximumInFlight, plan.items.length)
  let startedAt = isoTime(clock.wallSeconds())
  try {
    const end = await send(engine, plan, {
      ...replay,
      items: plan.items,
      warmUp: plan.warmUp,
      traceIdPrefix,
      maximumInFlight: capacity,
      drainSeconds,
      clock,
      signal,
      onStart: (startSeconds) => {
        startedAt = isoTime(clock.wallSeconds() + startSeconds - clock.monotonicSeconds())
        eventLoop.enable()
        poller?.start(startSeconds)
        meter.start(startSeconds, onProgress)
      },
      onSent: () => {
        meter.sent()
      },
      onObservation: (observation) => {
        observations.push(observation)
        meter.observe(observation)
        onObservation?.(observation)
      },
    })
    eventLoop.disable()
    const endedAt = isoTime(clock.wallSeconds())
    await poller?.finish()
    return {
      startedAt,
      endedAt,
      engine: {
        ...engineFacts(engine, end),
        timeoutSeconds: replay.timeoutSeconds,
        maximumInFlight: capacity,
        traceIdPrefix,
        eventLoopDelaySeconds: {
          p99: delayOf(eventLoop.percentile(99)),
          max: delayOf(eventLoop.max),
        },
      },
      sidecar:
        poller === undefined || sidecar === undefined
          ? null
          : { url: sidecar.url, failures: poller.failures.count, reason: poller.failures.reason },
      ...countsOf(plan, observations, end),
      observations: observations.sort((a, b) => a.index - b.index),
      telemetry: poller?.samples ?? [],
    }
  } finally {
    eventLoop.disable()
    await meter.stop()
    await poller?.stop()
  }
}

/** By the schedule, or so many at a time where the plan has none. */
async function send(
  engine: Engine,
  { saturation, scheduledSeconds }: Plan,
  replay: Replay,
): Promise<ReplayEnd & { readonly lastedSeconds?: number }> {
  if (saturation === undefined) return engine.replay(replay)
  const saturate = present(engine.saturate, 'This engine only knows schedules.')
  return saturate({ ...replay, ...saturation, seconds: scheduledSeconds, maximumRequests })
}

/** Without a schedule, what was planned is what was sent. */
function countsOf(
  { saturation, items }: Plan,
  observations: readonly Observation[],
  { unsent, unfinished, lastedSeconds = 0 }: ReplayEnd & { readonly lastedSeconds?: number },
): Pick<Measured, 'totals' | 'saturation'> {
  if (saturation === undefined) return { totals: { planned: items.length, unsent, unfinished } }
  const planned = observations.length + unfinished
  return {
    totals: { planned, unsent, unfinished },
    saturation: { ...saturation, lastedSeconds },
  }
}

function meterOf(plan: Plan, clock: Clock, poller: SidecarPoller | undefined): ProgressMeter {
  return new ProgressMeter(
    {
      profile: plan.profile.name,
      scheduledSeconds: plan.scheduledSeconds,
      planned: plan.items.length,
      ...(plan.saturation === undefined
        ? { offeredRate: plan.queriesPerSecond, periodSeconds: plan.periodSeconds }
        : { offeredRate: undefined, periodSeconds: undefined }),
    },
    clock,
    () => deviceOf(poller?.samples.at(-1)),
  )
}

function deviceOf(sample: TelemetrySample | undefined): Progress['gpu'] {
  const { utilizationRatio, kind } = sample?.devices[0] ?? {}
  return utilizationRatio === undefined
    ? undefined
    : { utilizationRatio, emulated: kind === 'emulated' }
}

function engineFacts({ name, version }: Engine, { delayedByLimit, warmUp }: ReplayEnd) {
  return { name, version, delayedByLimit, warmUp }
}

/** What node counts between two looks includes the wait for the next look. */
function delayOf(nanoseconds: number): number {
  return Math.max(0, nanoseconds / nanosecondsPerSecond - eventLoopLookMilliseconds / 1000)
}

function isoTime(wallSeconds: number): string {
  return new Date(wallSeconds * 1000).toISOString()
}
