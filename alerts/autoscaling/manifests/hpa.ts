import type { Behavior } from '../behavior.ts'
import { defaultTolerance, type ScalingRules } from '../hpa/spec.ts'
import type { ManifestOptions } from './options.ts'
import type { Signal } from './signals.ts'

/** A HorizontalPodAutoscaler of autoscaling/v2 on external metrics. */
export function hpaManifest(
  options: ManifestOptions,
  signals: readonly Signal[],
  behavior: Behavior,
): unknown {
  const { deployment, namespace, minReplicas, maxReplicas } = options
  return {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: deployment, namespace },
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: deployment },
      minReplicas,
      maxReplicas,
      metrics: signals.map(({ name, target }) => ({
        type: 'External',
        external: {
          metric: { name, selector: { matchLabels: { deployment } } },
          target: { type: 'Value', value: String(target) },
        },
      })),
      behavior: behaviorManifest(behavior),
    },
  }
}

/** `spec.behavior`, which KEDA passes on as it is. */
export function behaviorManifest({ scaleUp, scaleDown }: Behavior): unknown {
  return { scaleUp: rulesManifest(scaleUp), scaleDown: rulesManifest(scaleDown) }
}

/** The tolerance that every cluster has stands in no manifest: older ones refuse or drop the field. */
function rulesManifest(rules: ScalingRules): unknown {
  const { stabilizationWindowSeconds, policies, selectPolicy, toleranceRatio } = rules
  return {
    stabilizationWindowSeconds,
    selectPolicy,
    policies,
    ...(toleranceRatio !== defaultTolerance && { tolerance: String(toleranceRatio) }),
  }
}
