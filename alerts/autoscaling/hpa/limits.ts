import type { ScalingPolicy, ScalingRules } from './spec.ts'

/** A change of the replicas that was carried out. */
export interface Change {
  readonly atSeconds: number
  /** Above 0: added. */
  readonly by: number
}

/** The most replicas that the policies allow now, which is never less than there are. */
export function upperLimit(
  rules: ScalingRules,
  replicas: number,
  changes: readonly Change[],
  atSeconds: number,
): number {
  if (rules.selectPolicy === 'Disabled') return replicas
  const limits = rules.policies.map((policy) => {
    const before = periodStart(policy, replicas, changes, atSeconds)
    // Rounded up, or a small deployment would never grow by percent.
    return policy.type === 'Pods'
      ? before + policy.value
      : Math.ceil(before * (1 + policy.value / 100))
  })
  const limit = rules.selectPolicy === 'Max' ? Math.max(...limits) : Math.min(...limits)
  return Math.max(replicas, limit)
}

/** The fewest replicas that the policies allow now, which is never more than there are. */
export function lowerLimit(
  rules: ScalingRules,
  replicas: number,
  changes: readonly Change[],
  atSeconds: number,
): number {
  if (rules.selectPolicy === 'Disabled') return replicas
  const limits = rules.policies.map((policy) => {
    const before = periodStart(policy, replicas, changes, atSeconds)
    return policy.type === 'Pods'
      ? before - policy.value
      : Math.trunc(before * (1 - policy.value / 100))
  })
  const limit = rules.selectPolicy === 'Max' ? Math.min(...limits) : Math.max(...limits)
  return Math.min(replicas, limit)
}

/** The replicas before what was changed within the policy's period. */
function periodStart(
  { periodSeconds }: ScalingPolicy,
  replicas: number,
  changes: readonly Change[],
  atSeconds: number,
): number {
  return changes.reduce(
    (before, change) =>
      change.atSeconds > atSeconds - periodSeconds ? before - change.by : before,
    replicas,
  )
}
