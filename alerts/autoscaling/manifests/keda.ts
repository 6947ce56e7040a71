import type { Policy } from '../../../core/policy.ts'
import { percentOf } from '../../../core/units.ts'
import type { Behavior } from '../behavior.ts'
import { behaviorManifest } from './hpa.ts'
import type { ManifestOptions } from './options.ts'
import type { Signal } from './signals.ts'

/** How many failed looks in a row are an outage. */
const failureThreshold = 3

/**
 * A KEDA ScaledObject. It asks Prometheus itself, so it needs neither recording rules nor an adapter.
 * Three of its defaults would break this, and are set: `metricType` AverageValue divides a mean by the
 * replicas; `ignoreNullValues` takes "no data" for 0 and removes replicas in an outage; and
 * `minReplicaCount` is 0.
 */
export function kedaManifest(
  options: ManifestOptions,
  signals: readonly Signal[],
  behavior: Behavior,
  formula?: string,
): unknown {
  const { deployment, namespace, minReplicas, maxReplicas, fallbackReplicas, policy } = options
  return {
    apiVersion: 'keda.sh/v1alpha1',
    kind: 'ScaledObject',
    metadata: { name: deployment, namespace },
    spec: {
      scaleTargetRef: { name: deployment },
      pollingInterval: policy.alerting.evaluationSeconds,
      minReplicaCount: minReplicas,
      maxReplicaCount: maxReplicas,
      fallback: {
        failureThreshold,
        replicas: fallbackReplicas,
        behavior: 'currentReplicasIfHigher',
      },
      advanced: {
        horizontalPodAutoscalerConfig: { behavior: behaviorManifest(behavior) },
        ...(formula !== undefined && {
          scalingModifiers: {
            formula,
            target: String(percentOf(policy.target.utilizationRatio)),
            metricType: 'Value',
          },
        }),
      },
      triggers: signals.map(({ trigger, query, target }) => ({
        type: 'prometheus',
        name: trigger,
        metricType: 'Value',
        metadata: {
          serverAddress: options.prometheus,
          query: query.text,
          threshold: String(target),
          ignoreNullValues: 'false',
        },
      })),
    },
  }
}

/**
 * The dead band as a formula of KEDA. It replaces both metrics by one, so the larger of the two is
 * taken in it, both as percent of the utilisation's target.
 */
export function deadbandFormula(
  { scaleIn, target, scaleOut }: Policy,
  [utilization, queue]: readonly Signal[],
): string {
  const percent = (line: Policy['target']) => String(percentOf(line.utilizationRatio))
  const name = utilization?.trigger ?? ''
  const band = `${name} > ${percent(scaleOut)} || ${name} < ${percent(scaleIn)} ? ${name} : ${percent(target)}`
  if (queue === undefined) return band
  const queueFactor = percentOf(target.utilizationRatio) / queue.target
  return `max(${band}, ${queue.trigger} * ${String(queueFactor)})`
}
