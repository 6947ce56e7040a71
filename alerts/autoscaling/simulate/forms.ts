import type { Policy } from '../../../core/policy.ts'
import { behaviorOf, tolerantBehaviorOf, type Behavior } from '../behavior.ts'
import { defaultRules, type MetricSpec } from '../hpa/spec.ts'
import type { Reading } from '../hpa/proposal.ts'
import type { Figures } from './signal.ts'

/** One way to scale by the policy, ours or a mistake that is often made. One more = one entry here. */
export interface Form {
  readonly name: string
  readonly summary: string
  readonly behavior: (policy: Policy) => Behavior
  /** How utilisation is compared. */
  readonly type: MetricSpec['type']
  /** What the metrics say; undefined where nothing is known. */
  readonly reads: (seen: Seen, policy: Policy) => readonly (Reading | undefined)[]
}

export interface Seen {
  readonly figures: Figures | undefined
  readonly replicas: number
  readonly readyReplicas: number
}

const plain: Form['reads'] = ({ figures }) => [figures?.utilizationRatio, figures?.queuePerCompute]

export const forms: readonly Form[] = [
  {
    name: 'tolerance',
    summary: 'the policy’s lines as tolerances (Kubernetes 1.35, or 1.33 with a feature gate)',
    behavior: tolerantBehaviorOf,
    type: 'Value',
    reads: plain,
  },
  {
    name: 'deadband',
    summary: 'between the lines the metric says the target (any version)',
    behavior: behaviorOf,
    type: 'Value',
    reads: ({ figures }, policy) => [
      figures && deadband(figures.utilizationRatio, policy),
      figures?.queuePerCompute,
    ],
  },
  {
    name: 'pods',
    summary: 'as tolerance, a value a pod, averaged by Kubernetes',
    behavior: tolerantBehaviorOf,
    type: 'Pods',
    reads: ({ figures, replicas, readyReplicas }) => [
      figures && {
        values: Array.from({ length: readyReplicas }, () => figures.utilizationRatio),
        missing: replicas - readyReplicas,
        unready: 0,
      },
      figures?.queuePerCompute,
    ],
  },
  {
    name: 'defaults',
    summary: 'the policy’s target, everything else as Kubernetes has it',
    behavior: () => defaultRules,
    type: 'Value',
    reads: plain,
  },
  {
    name: 'average-value',
    summary:
      'a mistake: KEDA as it comes, whose metricType divides a mean by the replicas once more',
    behavior: () => defaultRules,
    type: 'AverageValue',
    reads: plain,
  },
  {
    name: 'nulls-as-zero',
    summary: 'a mistake: KEDA’s default ignoreNullValues, which takes no data for 0',
    behavior: tolerantBehaviorOf,
    type: 'Value',
    reads: ({ figures }) => [figures?.utilizationRatio ?? 0, figures?.queuePerCompute ?? 0],
  },
]

/** The value beyond a line, the target between them: a ratio of 1, at which no HPA acts. */
function deadband(utilizationRatio: number, { scaleIn, target, scaleOut }: Policy): number {
  const beyond =
    utilizationRatio > scaleOut.utilizationRatio || utilizationRatio < scaleIn.utilizationRatio
  return beyond ? utilizationRatio : target.utilizationRatio
}
