import type { Metric } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import {
  aggregate,
  arithmetic,
  capped,
  compare,
  growth,
  latest,
  either,
  type Query,
} from '../../../core/promql.ts'
import { answering, queuePerCompute, settledUtilization } from '../../../core/queries.ts'
import { percentOf } from '../../../core/units.ts'
import { queueCeiling, queueTarget } from '../behavior.ts'
import type { ManifestOptions } from './options.ts'

/** A figure that replicas follow: one series, compared with `target` as it is. */
export interface Signal {
  /** The metric's name in Kubernetes. */
  readonly name: string
  /** The trigger's name in KEDA, whose formulas read it. */
  readonly trigger: string
  /** The recorded series. */
  readonly record: string
  readonly query: Query
  readonly target: number
}

/** How long the figures are means over: as many samples as a rule may speak about. */
export function signalSecondsOf({ alerting }: Policy): number {
  return alerting.minimumSamples * alerting.evaluationSeconds
}

/** Percent, because people read the numbers of an HPA. Never GPU memory: servers do not give it back. */
export function utilizationSignal(options: ManifestOptions): Signal {
  return {
    name: 'rerankscope_gpu_utilization_percent',
    trigger: 'utilization',
    record: 'namespace:rerankscope_gpu_utilization_percent:mean',
    query: percentBusy(options),
    target: percentOf(options.policy.target.utilizationRatio),
  }
}

/**
 * The utilisation beyond a line, and between the lines exactly the target: a ratio of 1, at which no
 * HPA acts. Made of the recorded utilisation, whose rule must stand before it in the same group.
 */
export function deadbandSignal(options: ManifestOptions): Signal {
  const { scaleIn, target, scaleOut } = options.policy
  const utilization = utilizationSignal(options)
  const { namespace, deployment } = options
  const percent = latest(recorded(utilization), { namespace, deployment })
  const between = arithmetic(arithmetic(percent, '*', 0), '+', utilization.target)
  return {
    name: 'rerankscope_gpu_utilization_deadband_percent',
    trigger: utilization.trigger,
    record: 'namespace:rerankscope_gpu_utilization_percent:deadband',
    query: either(
      either(
        compare(percent, '>', percentOf(scaleOut.utilizationRatio)),
        compare(percent, '<', percentOf(scaleIn.utilizationRatio)),
      ),
      between,
    ),
    target: percentOf(target.utilizationRatio),
  }
}

const recorded = ({ record }: Signal): Metric<'deployment'> => ({
  name: record,
  kind: 'gauge',
  unit: '%',
  labels: ['deployment'],
  help: 'Recorded by the rules that are exported with it.',
})

/** Undefined when it is not to count. */
export function queueSignal(options: ManifestOptions): Signal | undefined {
  if (options.secondMetric === 'none') return undefined
  const query = options.secondMetric === 'triton' ? tritonQueue(options) : sidecarQueue(options)
  return {
    name: 'reranker_queue_per_compute',
    trigger: 'queue',
    record: 'namespace:reranker_queue_per_compute:ratio',
    query: capped(query, queueCeiling),
    target: queueTarget,
  }
}

/** Over the replicas alone that serve: one that loads its model is idle, and would pull the mean down. */
function percentBusy({ policy, namespace, job }: ManifestOptions): Query {
  const where = { namespace, job }
  const window = { windowSeconds: signalSecondsOf(policy) }
  const ratio = settledUtilization(['namespace'], window, policy, where, answering(where))
  return arithmetic(ratio, '*', 100)
}

function sidecarQueue({ policy, namespace, job }: ManifestOptions): Query {
  return queuePerCompute(['namespace'], signalSecondsOf(policy), { namespace, job })
}

/** Triton's own counters, in microseconds (docs/user_guide/metrics.md); no metrics of ours. */
const tritonCounter = (name: string): Metric<'model'> => ({
  name,
  kind: 'counter',
  unit: 'us',
  labels: ['model'],
  help: 'Of Triton.',
})

/** Both grow with every request, so their quotient is that of the means. 0 without traffic. */
function tritonQueue(options: ManifestOptions): Query {
  const { policy, namespace, tritonJob, tritonModel } = options
  const where = {
    namespace,
    job: tritonJob,
    ...(tritonModel !== undefined && { model: tritonModel }),
  }
  const sum = (name: string) =>
    aggregate(
      'sum',
      ['namespace'],
      growth('rate', tritonCounter(name), signalSecondsOf(policy), where),
    )
  const queue = sum('nv_inference_queue_duration_us')
  return either(
    compare(arithmetic(queue, '/', sum('nv_inference_compute_infer_duration_us')), '>=', 0),
    arithmetic(queue, '*', 0),
  )
}
