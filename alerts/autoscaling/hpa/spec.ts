/** A HorizontalPodAutoscaler, as far as its algorithm reads it. */
export interface HpaSpec {
  readonly minReplicas: number
  readonly maxReplicas: number
  /** The largest proposal counts. */
  readonly metrics: readonly MetricSpec[]
  readonly scaleUp: ScalingRules
  readonly scaleDown: ScalingRules
}

export interface MetricSpec {
  /**
   * `Value`: compared as it is. `AverageValue`: divided by the replicas first. `Pods`: one value a
   * pod, averaged by the controller itself.
   */
  readonly type: 'Value' | 'AverageValue' | 'Pods'
  readonly target: number
}

/** One direction of `spec.behavior`. */
export interface ScalingRules {
  readonly stabilizationWindowSeconds: number
  readonly policies: readonly ScalingPolicy[]
  /** Which of the policies counts: the one that allows the larger change, the smaller one, none at all. */
  readonly selectPolicy: 'Max' | 'Min' | 'Disabled'
  /** No change while the metric is within this share of its target. */
  readonly toleranceRatio: number
}

export interface ScalingPolicy {
  readonly type: 'Pods' | 'Percent'
  readonly value: number
  readonly periodSeconds: number
}

/** What Kubernetes takes where an HPA says nothing (autoscaling/v2 and the controller's flags). */
export const defaultTolerance = 0.1
const periodSeconds = 15
export const defaultRules: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules } = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    policies: [
      { type: 'Percent', value: 100, periodSeconds },
      { type: 'Pods', value: 4, periodSeconds },
    ],
    selectPolicy: 'Max',
    toleranceRatio: defaultTolerance,
  },
  scaleDown: {
    stabilizationWindowSeconds: 300,
    policies: [{ type: 'Percent', value: 100, periodSeconds }],
    selectPolicy: 'Max',
    toleranceRatio: defaultTolerance,
  },
}

/** What the API server refuses to take more of (autoscaling/v2). */
export const longestWindowSeconds = 3600
export const longestPeriodSeconds = 1800
