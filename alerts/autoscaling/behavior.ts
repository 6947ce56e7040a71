import { usageError } from '../../core/errors.ts'
import type { Policy } from '../../core/policy.ts'
import {
  defaultTolerance,
  longestPeriodSeconds,
  longestWindowSeconds,
  type ScalingRules,
} from './hpa/spec.ts'

/** Of queue per compute: to wait as long as one batch takes to compute. */
export const queueTarget = 1
/** How many replicas a minute of overload may add, as a share of those there are. */
const growthPercent = 50
/**
 * Queue per compute counts no further. A queue says that replicas lack, not how many: 10 s of waiting
 * for batches of 100 ms would ask for a hundred times as many.
 */
export const queueCeiling = queueTarget * (1 + growthPercent / 100)

/** Both directions of `spec.behavior`. */
export interface Behavior {
  readonly scaleUp: ScalingRules
  readonly scaleDown: ScalingRules
}

/**
 * How far utilisation may be from the target before replicas change, as shares of the target. Three
 * digits, as the manifests carry them: what a quantity in milli-units can say.
 */
export function tolerancesOf({ scaleIn, target, scaleOut }: Policy): {
  readonly up: number
  readonly down: number
} {
  const ratio = (line: number) => line / target.utilizationRatio
  return {
    up: Number((ratio(scaleOut.utilizationRatio) - 1).toFixed(3)),
    down: Number((1 - ratio(scaleIn.utilizationRatio)).toFixed(3)),
  }
}

/**
 * The policy as `behavior`, with Kubernetes' own tolerance. The policy's windows become stabilisation
 * windows: up goes to the lowest proposal of a window, down to the highest, so that neither happens
 * before the utilisation was beyond its line for all of it. A replica costs a GPU, so some are added
 * a window, and one is removed.
 *
 * @throws UserError (usage) when a window is longer than Kubernetes takes.
 */
export function behaviorOf({ scaleIn, scaleOut }: Policy): Behavior {
  for (const [name, { windowSeconds }] of Object.entries({ scaleIn, scaleOut })) {
    if (windowSeconds > longestWindowSeconds) {
      throw usageError(
        `${name}.windowSeconds is ${String(windowSeconds)}, and Kubernetes takes no stabilisation window above ${String(longestWindowSeconds)} s: shorten it for autoscaling.`,
      )
    }
  }
  const up = Math.min(longestPeriodSeconds, scaleOut.windowSeconds)
  return {
    scaleUp: {
      stabilizationWindowSeconds: scaleOut.windowSeconds,
      policies: [
        { type: 'Pods', value: 2, periodSeconds: up },
        { type: 'Percent', value: growthPercent, periodSeconds: up },
      ],
      selectPolicy: 'Max',
      toleranceRatio: defaultTolerance,
    },
    scaleDown: {
      stabilizationWindowSeconds: scaleIn.windowSeconds,
      policies: [
        {
          type: 'Pods',
          value: 1,
          periodSeconds: Math.min(longestPeriodSeconds, scaleIn.windowSeconds),
        },
      ],
      selectPolicy: 'Max',
      toleranceRatio: defaultTolerance,
    },
  }
}

/** The same with the policy's lines as tolerances, for clusters that take them (Kubernetes 1.33 on). */
export function tolerantBehaviorOf(policy: Policy): Behavior {
  const { scaleUp, scaleDown } = behaviorOf(policy)
  const { up, down } = tolerancesOf(policy)
  return {
    scaleUp: { ...scaleUp, toleranceRatio: up },
    scaleDown: { ...scaleDown, toleranceRatio: down },
  }
}

/** What the dead band cannot keep: a line nearer to the target than Kubernetes' own tolerance. */
export function deadbandCaveats(policy: Policy): readonly string[] {
  const { up, down } = tolerancesOf(policy)
  return Object.entries({ 'scale-out': up, 'scale-in': down }).flatMap(([name, tolerance]) =>
    tolerance >= defaultTolerance
      ? []
      : [
          `The ${name} line is ${String(tolerance)} of the target away, less than the ${String(defaultTolerance)} that Kubernetes tolerates by default: the deadband form will act later than the line says, the tolerance form will not.`,
        ],
  )
}
