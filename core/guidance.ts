import { unreachable } from './assert.ts'
import type { Policy, Threshold } from './policy.ts'
import {
  formatCount,
  formatDuration,
  formatLine,
  formatRatio,
  formatSpan,
  formatWindow,
} from './units.ts'

/** What the utilisation says to do. Exactly one state holds at a time. */
export const guidanceStates = [
  'scale_in',
  'waste',
  'healthy',
  'scale_out',
  'unmeasurable',
  'unknown',
] as const
export type GuidanceState = (typeof guidanceStates)[number]

export interface Guidance {
  readonly state: GuidanceState
  /** What was seen, a sentence each; the figures that led to the state first. */
  readonly reasons: readonly string[]
  /** What to do, in one sentence. */
  readonly recommendation: string
}

/** Utilisation over the last `windowSeconds`, as far as it was observed. */
export interface UtilizationWindow {
  readonly observedSeconds: number
  /** Undefined when nothing was observed. */
  readonly meanRatio: number | undefined
}

export interface Evidence {
  /** False when every GPU that answers says it cannot measure utilisation. Undefined when none answers. */
  readonly measurable: boolean | undefined
  /** The mean over GPUs and time in the last so many seconds. */
  readonly utilization: (windowSeconds: number) => UtilizationWindow
  readonly emulated: boolean
  /** The second witnesses; undefined where not known. */
  readonly queriesPerSecond: number | undefined
  readonly p95Seconds: number | undefined
  readonly queuePairs: number | undefined
  /** Where the server counts what waits by the request. */
  readonly queueRequests?: number | undefined
  /** Power drawn over power limit. */
  readonly powerRatio: number | undefined
}

/**
 * The guidance of contract §3. Utilisation alone names the state; a second witness (queue, p95
 * against its budget, power) says whether to trust it, and can turn "too many replicas" into "the
 * time is lost elsewhere".
 */
export function guide(evidence: Evidence, policy: Policy): Guidance {
  if (evidence.measurable === undefined) {
    return {
      ...say('unknown', ['no GPU is watched, or none answers: the health of the sources says why']),
      recommendation: 'Mend the source that is down, or choose another with --gpu.',
    }
  }
  if (!evidence.measurable) {
    return say('unmeasurable', [
      'the driver reports no utilisation for this GPU (N/A), as under MIG',
    ])
  }
  const witness = witnessOf(evidence, policy)
  const note = evidence.emulated ? ['the device is emulated, not a GPU'] : []
  const above = crossing(evidence, policy, policy.scaleOut)
  if (above === undefined) {
    const { observedSeconds } = evidence.utilization(policy.scaleOut.windowSeconds)
    return say('unknown', [
      `only ${formatSpan(observedSeconds)} of the last ${formatWindow(policy.scaleOut.windowSeconds)} were observed`,
      ...note,
    ])
  }
  if (above.meanRatio > policy.scaleOut.utilizationRatio) {
    const guidance = say('scale_out', [above.sentence, witness.sentence, ...note])
    return witness.calm ? { ...guidance, recommendation: batchFirst } : guidance
  }
  const low = crossing(evidence, policy, policy.scaleIn)
  if (low !== undefined && low.meanRatio < policy.scaleIn.utilizationRatio) {
    return say(witness.busy ? 'waste' : 'scale_in', [low.sentence, witness.sentence, ...note])
  }
  const long = crossing(evidence, policy, policy.waste)
  const traffic = (evidence.queriesPerSecond ?? 0) > 0
  if (long !== undefined && traffic && long.meanRatio < policy.waste.utilizationRatio) {
    return say('waste', [long.sentence, witness.sentence, ...note])
  }
  const healthy = say('healthy', [above.sentence, witness.sentence, ...note])
  return witness.slow ? { ...healthy, recommendation: slowElsewhere } : healthy
}

/** The mean over the threshold's window as a sentence, when enough of the window was observed. */
function crossing(
  evidence: Evidence,
  policy: Policy,
  { utilizationRatio, windowSeconds }: Threshold,
): { readonly meanRatio: number; readonly sentence: string } | undefined {
  const { observedSeconds, meanRatio } = evidence.utilization(windowSeconds)
  if (meanRatio === undefined || observedSeconds < windowSeconds * policy.minimumCoverageRatio) {
    return undefined
  }
  const side = meanRatio < utilizationRatio ? 'under' : 'over'
  return {
    meanRatio,
    sentence: `utilisation was ${formatRatio(meanRatio)} over ${formatSpan(observedSeconds)}, ${side} the ${formatLine(utilizationRatio)} line`,
  }
}

function witnessOf(
  { p95Seconds, queuePairs, queueRequests, powerRatio }: Evidence,
  policy: Policy,
): {
  /** Work waits, whatever the utilisation. */
  readonly busy: boolean
  readonly slow: boolean
  /** Latency or queue is known, and nothing that is known says that the GPU is full. */
  readonly calm: boolean
  readonly sentence: string
} {
  const slow = p95Seconds !== undefined && p95Seconds > policy.p95Seconds
  const queued = (queuePairs ?? queueRequests ?? 0) > 0
  const facts = [
    ...(p95Seconds === undefined
      ? []
      : [
          `p95 is ${formatDuration(p95Seconds)} (${slow ? 'over' : 'within'} ${formatDuration(policy.p95Seconds)})`,
        ]),
    ...(queuePairs === undefined ? [] : [`${formatCount(queuePairs)} pairs wait`]),
    ...(queueRequests === undefined ? [] : [`${formatCount(queueRequests)} requests wait`]),
    ...(powerRatio === undefined ? [] : [`power is at ${formatRatio(powerRatio)} of its limit`]),
  ]
  const busy = slow || queued
  const strained = powerRatio !== undefined && powerRatio > policy.scaleOut.utilizationRatio
  return {
    ...{ busy, slow },
    calm: (p95Seconds !== undefined || queuePairs !== undefined) && !busy && !strained,
    sentence:
      facts.length === 0
        ? 'no second witness: neither latency, queue nor power is known'
        : facts.join(', '),
  }
}

/** Utilisation counts a kernel as busy time however little of the GPU it fills. */
const batchFirst =
  'Try larger batches before a replica: a kernel always runs, but no second witness says that the GPU is full.'

/** Nothing to do about replicas is not nothing to do. */
const slowElsewhere =
  'The GPU is no reason to act, but p95 is over its budget: see whether requests wait or are computed slowly.'

function say(state: GuidanceState, reasons: readonly string[]): Guidance {
  return { state, reasons, recommendation: recommendationOf(state) }
}

function recommendationOf(state: GuidanceState): string {
  switch (state) {
    case 'scale_out':
      return 'Add a replica, or cut the work a query brings (fewer documents, a shorter maximum length).'
    case 'scale_in':
      return 'Remove a replica, or share this GPU with another model.'
    case 'waste':
      return 'Change the batch strategy: larger batches, less padding, more tokeniser workers.'
    case 'healthy':
      return 'Nothing to do.'
    case 'unmeasurable':
      return 'Scale on queue and p95 instead: this GPU reports no utilisation.'
    case 'unknown':
      return 'Wait until a full window has been observed, and check the source health.'
    default:
      return unreachable(state)
  }
}

/** Advice in force, and what it takes to keep it from flapping. Times are monotonic seconds. */
export interface HeldGuidance {
  readonly guidance: Guidance
  /** When this state came into force. */
  readonly sinceSeconds: number
  /** When what the state says was last so. */
  readonly seenSeconds: number
}

/** What must not wait comes at once; what is less urgent, once the other has been gone for long enough. */
const urgency: Readonly<Partial<Record<GuidanceState, number>>> = {
  healthy: 0,
  scale_in: 1,
  waste: 2,
  scale_out: 3,
}

/**
 * Hysteresis: `now` as `guide` says it, after what was in force before. A state gives way to a less
 * urgent one only when its reason has been gone for as long as an alert keeps firing, so that a mean
 * which swings around a line does not make the advice swing. What cannot be said is said at once.
 */
export function settle(
  before: HeldGuidance | undefined,
  now: Guidance,
  atSeconds: number,
  { alerting: { keepFiringSeconds } }: Policy,
): HeldGuidance {
  const taken = { guidance: now, sinceSeconds: atSeconds, seenSeconds: atSeconds }
  if (before === undefined) return taken
  const { state, recommendation } = before.guidance
  if (state === now.state) return { ...before, guidance: now, seenSeconds: atSeconds }
  const [held, next] = [urgency[state], urgency[now.state]]
  const goneSeconds = atSeconds - before.seenSeconds
  if (held === undefined || next === undefined || next > held || goneSeconds >= keepFiringSeconds) {
    return taken
  }
  const kept = `its reason went away ${formatSpan(goneSeconds)} ago: advice stands for ${formatWindow(keepFiringSeconds)}, so that it does not flap`
  return { ...before, guidance: { state, recommendation, reasons: [...now.reasons, kept] } }
}

/**
 * The guidance for one run of a load generator: every window is the run itself, which is shorter
 * than the policy's windows, and the first reason says so.
 */
export function guideRun(
  evidence: Omit<Evidence, 'utilization'> & { readonly run: UtilizationWindow },
  policy: Policy,
): Guidance {
  const { run, ...rest } = evidence
  const whole = <T extends Threshold>(threshold: T): T => ({
    ...threshold,
    windowSeconds: run.observedSeconds,
  })
  const guidance = guide(
    { ...rest, utilization: () => run },
    {
      ...policy,
      scaleIn: whole(policy.scaleIn),
      waste: whole(policy.waste),
      target: whole(policy.target),
      scaleOut: whole(policy.scaleOut),
    },
  )
  return {
    ...guidance,
    reasons: [
      ...guidance.reasons,
      `judged over this run's ${formatSpan(run.observedSeconds)} alone; in production the windows are ${formatWindow(policy.scaleOut.windowSeconds)} for scale out, ${formatWindow(policy.scaleIn.windowSeconds)} for scale in, ${formatWindow(policy.waste.windowSeconds)} for waste`,
    ],
  }
}
