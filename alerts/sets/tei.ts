import type { Metric } from '../../core/metrics.ts'
import { aggregate, arithmetic, growth, histogramCount, histogramMean } from '../../core/promql.ts'
import type { RuleContext } from '../rules/rule.ts'
import type { ErrorSource } from '../shapes/errors.ts'
import { queueShare } from '../shapes/queue-share.ts'
import { serverDown } from '../shapes/server-down.ts'
import { errorRules } from '../shapes/server-errors.ts'
import { latencyRules } from '../shapes/server-latency.ts'
import { withoutPanels, type RuleSet } from './set.ts'

const deployment = ['namespace', 'job'] as const
/** A rerank request is of this method. */
const where = { method: 'batch' } as const

function counter(name: string): Metric<'method'> {
  return { name, kind: 'counter', unit: '{request}', labels: ['method'], help: 'Of TEI.' }
}
const requests = counter('te_request_count')
const succeeded = counter('te_request_success')

/** 15 µs, and each bound half as much again as the last: as TEI 1.9 makes them. */
const bounds = Array.from({ length: 35 }, (_, at) => 1.5e-5 * 1.5 ** at)

function duration(name: string): Metric<never> {
  return { name, kind: 'histogram', unit: 's', labels: [], help: 'Of TEI.', bounds }
}
const requestDuration = duration('te_request_duration')
const stages = {
  queue: duration('te_request_queue_duration'),
  infer: duration('te_request_inference_duration'),
} as const

/**
 * What Text Embeddings Inference tells of itself (router/src, v1.9). It knows no GPU, and its own
 * gauge of the queue is reported not to grow with it, so the queue is judged by durations.
 */
export const tei: RuleSet = {
  name: 'tei',
  reads: 'Text Embeddings Inference (`te_…`)',
  job: 'tei',
  alerts: (context) =>
    withoutPanels([
      serverDown(context),
      ...latency(context),
      ...errorRules(
        context,
        errorsOf(context),
        'See which reason grows in `te_request_failure`: `overloaded` wants replicas or fewer documents, `inference` a look at the log of the server, the others at the callers.',
      ),
      queueShare(context, queueOf(context)),
    ]),
  records: () => [],
}

const latency = (context: RuleContext) =>
  latencyRules(context, requestDuration, {
    where: {},
    tested: {},
    action:
      'Compare `te_request_queue_duration` with `te_request_inference_duration`: a queue wants replicas or fewer documents, slow batches a smaller model or shorter texts.',
  })

/**
 * Requests that came and did not succeed. TEI's own count of failures mixes pairs and requests, so
 * it is not used; requests on their way count as failed until they end.
 */
function errorsOf({ job }: RuleContext): ErrorSource {
  const over = (metric: Metric<'method'>, windowSeconds: number) =>
    aggregate('sum', deployment, growth('increase', metric, windowSeconds, { job, ...where }))
  return {
    ratio: (windowSeconds) => {
      const all = over(requests, windowSeconds)
      return arithmetic(arithmetic(all, '-', over(succeeded, windowSeconds)), '/', all)
    },
    requests: (windowSeconds) => over(requests, windowSeconds),
    series: (write, phases) => [
      write.counter(
        requests,
        where,
        phases.map(({ seconds, perSecond }) => ({ seconds, value: perSecond })),
      ),
      write.counter(
        succeeded,
        where,
        phases.map(({ seconds, perSecond, bad }) => ({ seconds, value: perSecond * (1 - bad) })),
      ),
    ],
  }
}

function queueOf({ policy, job }: RuleContext): Parameters<typeof queueShare>[1] {
  const { windowSeconds } = policy.budget
  const mean = (metric: Metric<never>) => histogramMean(deployment, metric, windowSeconds, { job })
  return {
    ratio: arithmetic(mean(stages.queue), '/', mean(stages.infer)),
    requests: aggregate('sum', deployment, histogramCount(stages.queue, windowSeconds, { job })),
    series: (write, phases) =>
      (['queue', 'infer'] as const).flatMap((stage) =>
        write.mean(
          stages[stage],
          {},
          phases.map(({ seconds, perSecond, waited }) => ({
            seconds,
            perSecond,
            mean: stage === 'queue' ? waited : 1,
          })),
        ),
      ),
  }
}
