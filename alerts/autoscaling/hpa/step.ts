import { lowerLimit, upperLimit, type Change } from './limits.ts'
import { proposalOf, type Fleet, type Reading } from './proposal.ts'
import type { HpaSpec } from './spec.ts'

/** What the controller remembers between two syncs. Bounded by the longest window and period. */
export interface HpaState {
  readonly recommendations: readonly { readonly atSeconds: number; readonly replicas: number }[]
  readonly changes: readonly Change[]
}

export const initialState: HpaState = { recommendations: [], changes: [] }

export interface Sync extends Fleet {
  readonly atSeconds: number
  /** One a metric of the spec, in its order. */
  readonly readings: readonly (Reading | undefined)[]
}

export interface HpaStep {
  readonly state: HpaState
  readonly replicas: number
  /** What the metrics asked for, before windows, policies and bounds; undefined when they could not say. */
  readonly proposal: number | undefined
}

/**
 * One sync of the HPA controller: metrics → proposal → stabilisation windows → policies → bounds.
 * Pure. Source: kubernetes/pkg/controller/podautoscaler (horizontal.go, replica_calculator.go), the
 * path with `spec.behavior`.
 */
export function stepHpa(spec: HpaSpec, before: HpaState, sync: Sync): HpaStep {
  const { atSeconds, replicas } = sync
  // The first sync remembers the present number too, so that a window lasts from the beginning.
  const recommendations =
    before.recommendations.length === 0 ? [{ atSeconds, replicas }] : before.recommendations
  const proposal = proposalOf(spec, sync, sync.readings)
  if (proposal === undefined) {
    return { state: { ...before, recommendations }, replicas, proposal }
  }
  const stable = stabilized(spec, recommendations, proposal, sync)
  const next = limited(spec, before.changes, stable, sync)
  const changed = next === replicas ? [] : [{ atSeconds, by: next - replicas }]
  return {
    state: {
      recommendations: [
        ...within(recommendations, atSeconds, longestWindow(spec)),
        { atSeconds, replicas: proposal },
      ],
      changes: [...within(before.changes, atSeconds, longestPeriod(spec)), ...changed],
    },
    replicas: next,
    proposal,
  }
}

/** Up to the lowest proposal of the window for up, down to the highest of that for down. */
function stabilized(
  { scaleUp, scaleDown }: HpaSpec,
  recommendations: HpaState['recommendations'],
  proposal: number,
  { atSeconds, replicas }: Sync,
): number {
  const recent = (windowSeconds: number) => [
    proposal,
    ...within(recommendations, atSeconds, windowSeconds).map((one) => one.replicas),
  ]
  const lowest = Math.min(...recent(scaleUp.stabilizationWindowSeconds))
  const highest = Math.max(...recent(scaleDown.stabilizationWindowSeconds))
  return Math.min(Math.max(replicas, lowest), highest)
}

function limited(
  { minReplicas, maxReplicas, scaleUp, scaleDown }: HpaSpec,
  changes: readonly Change[],
  wanted: number,
  { atSeconds, replicas }: Sync,
): number {
  const bounded = Math.min(maxReplicas, Math.max(minReplicas, wanted))
  if (bounded > replicas) {
    return Math.min(bounded, upperLimit(scaleUp, replicas, changes, atSeconds))
  }
  return Math.max(bounded, lowerLimit(scaleDown, replicas, changes, atSeconds))
}

function within<T extends { readonly atSeconds: number }>(
  remembered: readonly T[],
  atSeconds: number,
  windowSeconds: number,
): readonly T[] {
  return remembered.filter((one) => one.atSeconds > atSeconds - windowSeconds)
}

function longestWindow({ scaleUp, scaleDown }: HpaSpec): number {
  return Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds)
}

function longestPeriod({ scaleUp, scaleDown }: HpaSpec): number {
  const policies = [...scaleUp.policies, ...scaleDown.policies]
  return Math.max(0, ...policies.map(({ periodSeconds }) => periodSeconds))
}
