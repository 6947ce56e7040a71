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
/** `/rerank`, `/v1/rerank`, `/v2/rerank`, `/score`: what else vLLM serves is not counted. */
const route = { method: 'POST', handler: { matches: '.*/(rerank|score)' } } as const
const tested = { method: 'POST', handler: '/v1/rerank' } as const

const requests: Metric<'handler' | 'method' | 'status'> = {
  name: 'http_requests_total',
  kind: 'counter',
  unit: '{request}',
  labels: ['handler', 'method', 'status'],
  help: 'Of prometheus-fastapi-instrumentator 7, as vLLM carries it.',
}
const requestDuration: Metric<'handler' | 'method'> = {
  name: 'http_request_duration_seconds',
  kind: 'histogram',
  unit: 's',
  labels: ['handler', 'method'],
  help: 'Of prometheus-fastapi-instrumentator 7, as vLLM carries it.',
  bounds: [0.1, 0.5, 1],
}
/** Of pairs: to vLLM each document of a query is a request of its own. */
function pairDuration(name: string): Metric<'engine' | 'model_name'> {
  return { name, kind: 'histogram', unit: 's', labels: ['engine', 'model_name'], help: 'Of vLLM.' }
}
const stages = {
  queue: pairDuration('vllm:request_queue_time_seconds'),
  infer: pairDuration('vllm:request_inference_time_seconds'),
} as const

/** What vLLM tells of itself. It knows no GPU. */
export const vllm: RuleSet = {
  name: 'vllm',
  reads: 'vLLM (`vllm:…`, `http_…`)',
  job: 'vllm',
  alerts: (context) =>
    withoutPanels([
      serverDown(context),
      ...(canTell(context) ? latency(context) : []),
      ...errorRules(
        context,
        errorsOf(context),
        'See which status grows in `http_requests_total`: `5xx` wants a look at the log of the server, `4xx` at the callers.',
      ),
      queueShare(context, queueOf(context)),
    ]),
  records: () => [],
}

/** With three buckets only a budget that is the middle one can be told from more and from less. */
function canTell({ policy }: RuleContext): boolean {
  return requestDuration.bounds?.slice(1, -1).includes(policy.p95Seconds) === true
}

const latency = (context: RuleContext) =>
  latencyRules(context, requestDuration, {
    where: route,
    tested,
    action:
      'Look at `vllm:num_requests_waiting`: a queue wants replicas or fewer documents, slow batches a smaller model or shorter texts.',
  })

function errorsOf({ job }: RuleContext): ErrorSource {
  const over = (windowSeconds: number, where: object) =>
    aggregate('sum', deployment, growth('increase', requests, windowSeconds, { job, ...where }))
  const failed = { ...route, status: { matches: '4xx|5xx' } }
  return {
    ratio: (windowSeconds) =>
      arithmetic(over(windowSeconds, failed), '/', over(windowSeconds, route)),
    requests: (windowSeconds) => over(windowSeconds, route),
    series: (write, phases) =>
      (['2xx', '5xx'] as const).map((status) =>
        write.counter(
          requests,
          { ...tested, status },
          phases.map(({ seconds, perSecond, bad }) => ({
            seconds,
            value: perSecond * (status === '5xx' ? bad : 1 - bad),
          })),
        ),
      ),
  }
}

function queueOf({ policy, job }: RuleContext): Parameters<typeof queueShare>[1] {
  const { windowSeconds } = policy.budget
  const mean = (stage: keyof typeof stages) =>
    histogramMean(deployment, stages[stage], windowSeconds, { job })
  return {
    ratio: arithmetic(mean('queue'), '/', mean('infer')),
    requests: aggregate('sum', deployment, histogramCount(stages.queue, windowSeconds, { job })),
    series: (write, phases) =>
      (['queue', 'infer'] as const).flatMap((stage) =>
        write.mean(
          stages[stage],
          { engine: '0', model_name: 'reranker' },
          phases.map(({ seconds, perSecond, waited }) => ({
            seconds,
            perSecond,
            mean: stage === 'queue' ? waited : 1,
          })),
        ),
      ),
  }
}
