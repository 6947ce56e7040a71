import { metrics } from '../../core/metrics.ts'
import { aggregate, compare, filter, overTime, sampledMean } from '../../core/promql.ts'
import { worstP95 } from '../../core/queries.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'
import { humanizeDuration, SeriesWriter, type Phase } from '../series.ts'
import { like } from '../shapes/prose.ts'
import { sampledUtilization } from '../shapes/sampled-utilization.ts'
import { serverDown } from '../shapes/server-down.ts'
import { filled } from '../shapes/words.ts'
import { withoutPanels, type RuleSet } from './set.ts'

const deployment = ['namespace', 'job'] as const

/**
 * The four gauges of the source article alone, whoever exports them. What they cannot tell is not
 * guessed: no error budget, no batches, no memory (nobody says how much there is).
 */
export const article: RuleSet = {
  name: 'article',
  reads: "the four gauges of the source article, of an exporter of one's own",
  job: 'reranker',
  alerts: (context) =>
    withoutPanels([serverDown(context), latency(context), ...utilization(context)]),
  records: () => [],
}

/** The gauge is a quantile already: only its least and its greatest value mean anything. */
function latency(context: RuleContext): AlertRule {
  const { policy, job } = context
  const { windowSeconds } = policy.budget
  const base = like('RerankerLatencyBudgetExceeded', context)
  const least = overTime('min', metrics.p95Latency, windowSeconds, { job })
  const seen = overTime('count', metrics.p95Latency, windowSeconds, { job })
  return {
    ...base,
    action:
      'Compare with the utilisation at the same time: high, and requests wait for the GPU; low, and the time is lost elsewhere, in tokenising, in the network or in bursts.',
    query: aggregate(
      'max',
      deployment,
      filter(
        compare(least, '>', policy.p95Seconds),
        'and',
        ['target', ...deployment, 'instance'],
        compare(seen, '>=', policy.alerting.minimumSamples),
      ),
    ),
    tests: latencyTests(context, base.description),
  }
}

function latencyTests(context: RuleContext, description: string): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, minimumSamples } = policy.alerting
  const { windowSeconds } = policy.budget
  const seconds = 2 * windowSeconds
  const write = new SeriesWriter({ job, instance: 'a:8000' }, stepSeconds)
  const p95 = (...phases: readonly Phase[]) => [
    write.gauge(metrics.p95Latency, { target: 'reranker' }, phases),
  ]
  const [fast, slow] = [policy.p95Seconds / 2, policy.p95Seconds * 2]
  const fires = {
    labels: { job },
    description: filled(description, { job }, humanizeDuration(slow)),
  }
  return [
    {
      name: 'fires when p95 was over the budget throughout, not before',
      series: p95({ seconds, value: fast }, { seconds, value: slow }),
      expect: [
        { atSeconds: seconds + windowSeconds - stepSeconds, alerts: [] },
        { atSeconds: seconds + windowSeconds + stepSeconds, alerts: [fires] },
      ],
    },
    {
      name: 'a failed scrape does not start the wait again',
      series: p95(
        { seconds, value: slow },
        { seconds: stepSeconds, value: slow, unseen: true },
        { seconds: stepSeconds, value: slow },
      ),
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires] }],
    },
    {
      name: 'a p95 within the budget is silent',
      series: p95({ seconds, value: fast }),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'too few samples say nothing',
      series: p95({ seconds, value: slow }),
      expect: [{ atSeconds: (minimumSamples - 2) * stepSeconds, alerts: [] }],
    },
  ]
}

function utilization(context: RuleContext): readonly AlertRule[] {
  const { policy, job } = context
  return sampledUtilization(context, {
    metric: metrics.gpuUtilization,
    full: 100,
    labelsOf: (uuid) => ({ gpu: uuid.replace('GPU-', ''), gpu_uuid: uuid }),
    slow: compare(worstP95(deployment, { job }), '>', policy.p95Seconds),
    traffic: (windowSeconds) =>
      compare(
        aggregate('sum', deployment, sampledMean(metrics.currentQps, windowSeconds, { job })),
        '>=',
        policy.budget.minimumRequests / windowSeconds,
      ),
    trafficSeries: (write, phase) =>
      write.gauge(metrics.currentQps, { target: 'reranker' }, [phase]),
  })
}
