import type { Metric } from '../../core/metrics.ts'
import { aggregate, arithmetic, compare, growth } from '../../core/promql.ts'
import type { AlertRule, RuleContext } from '../rules/rule.ts'
import type { ErrorSource } from '../shapes/errors.ts'
import { memoryHeadroom } from '../shapes/memory-headroom.ts'
import { queueShare } from '../shapes/queue-share.ts'
import { sampledUtilization } from '../shapes/sampled-utilization.ts'
import { serverDown } from '../shapes/server-down.ts'
import { errorRules } from '../shapes/server-errors.ts'
import { withoutPanels, type RuleSet } from './set.ts'

const deployment = ['namespace', 'job'] as const
const model = { model: 'reranker', version: '1' } as const

/** Of Triton Inference Server (docs/user_guide/metrics.md). */
function counter(name: string, unit: string): Metric<'model' | 'version'> {
  return { name, kind: 'counter', unit, labels: ['model', 'version'], help: 'Of Triton.' }
}
const succeeded = counter('nv_inference_request_success', '{request}')
const queued = counter('nv_inference_queue_duration_us', 'us')
const computed = counter('nv_inference_compute_infer_duration_us', 'us')
const failed: Metric<'model' | 'version' | 'reason'> = {
  ...counter('nv_inference_request_failure', '{request}'),
  labels: ['model', 'version', 'reason'],
}

function gauge(name: string, unit: string): Metric<'gpu_uuid'> {
  return { name, kind: 'gauge', unit, labels: ['gpu_uuid'], help: 'Of Triton.' }
}

/**
 * What Triton tells of itself and its GPUs, all its models together. It tells sums of durations and
 * no quantile, so there is no latency budget here.
 */
export const triton: RuleSet = {
  name: 'triton',
  reads: 'Triton Inference Server (`nv_…`)',
  job: 'triton',
  alerts: (context) =>
    withoutPanels([
      serverDown(context),
      ...errorRules(
        context,
        errorsOf(context),
        'See which reason grows in `nv_inference_request_failure`: `REJECTED` wants replicas or fewer documents, `BACKEND` a look at the log of the server, `CANCELED` at the callers.',
      ),
      queueShare(context, queueOf(context)),
      memoryHeadroom(context, {
        used: gauge('nv_gpu_memory_used_bytes', 'By'),
        total: gauge('nv_gpu_memory_total_bytes', 'By'),
      }),
      ...utilization(context),
    ]),
  records: () => [],
}

const over = (metric: Metric, windowSeconds: number, job: string) =>
  aggregate('sum', deployment, growth('increase', metric, windowSeconds, { job }))

function errorsOf({ job }: RuleContext): ErrorSource {
  const all = (windowSeconds: number) =>
    arithmetic(over(succeeded, windowSeconds, job), '+', over(failed, windowSeconds, job))
  return {
    ratio: (windowSeconds) => arithmetic(over(failed, windowSeconds, job), '/', all(windowSeconds)),
    requests: all,
    series: (write, phases) => [
      write.counter(
        succeeded,
        model,
        phases.map(({ seconds, perSecond, bad }) => ({ seconds, value: perSecond * (1 - bad) })),
      ),
      write.counter(
        failed,
        { ...model, reason: 'BACKEND' },
        phases.map(({ seconds, perSecond, bad }) => ({ seconds, value: perSecond * bad })),
      ),
    ],
  }
}

function queueOf({ policy, job }: RuleContext): Parameters<typeof queueShare>[1] {
  const { windowSeconds } = policy.budget
  const microseconds = 1e6
  return {
    ratio: arithmetic(over(queued, windowSeconds, job), '/', over(computed, windowSeconds, job)),
    requests: over(succeeded, windowSeconds, job),
    series: (write, phases) => [
      write.counter(
        succeeded,
        model,
        phases.map(({ seconds, perSecond }) => ({ seconds, value: perSecond })),
      ),
      write.counter(
        queued,
        model,
        phases.map(({ seconds, perSecond, waited }) => ({
          seconds,
          value: perSecond * waited * microseconds,
        })),
      ),
      write.counter(
        computed,
        model,
        phases.map(({ seconds, perSecond }) => ({ seconds, value: perSecond * microseconds })),
      ),
    ],
  }
}

function utilization(context: RuleContext): readonly AlertRule[] {
  const { policy, job } = context
  return sampledUtilization(context, {
    metric: gauge('nv_gpu_utilization', '1'),
    full: 1,
    labelsOf: (uuid) => ({ gpu_uuid: uuid }),
    traffic: (windowSeconds) =>
      compare(over(succeeded, windowSeconds, job), '>=', policy.budget.minimumRequests),
    trafficSeries: (write, phase) => write.counter(succeeded, model, [phase]),
  })
}
