import { metrics } from '../../core/metrics.ts'
import { slowRequests } from '../../core/queries.ts'
import { formatDuration, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { bucketBeside, crossing, humanizeDuration, SeriesWriter, type Bucket } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const
const quantile = 0.95

export const latencyBudget: RuleDefinition = (context) => {
  const { policy, job } = context
  const { windowSeconds, minimumRequests } = policy.budget
  return {
    name: 'RerankerLatencyBudgetExceeded',
    group: 'serving',
    severity: 'critical',
    query: slowRequests(deployment, policy, { job }),
    summary: 'Rerank requests take longer than they may.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizeDuration }}', context),
    panel: panels.duration,
    action:
      'See whether requests wait (`reranker_queue_pairs`) or are computed slowly: a queue wants replicas or fewer documents, slow batches a smaller model, shorter texts or a look at throttling.',
    numbers: [
      ['Fires when p95 is above', formatDuration(policy.p95Seconds)],
      ['Over', formatWindow(windowSeconds)],
      ['With at least', `${String(minimumRequests)} requests`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, value: string, { policy }: RuleContext): string {
  return `The p95 of requests to ${job} was ${value} over the last ${formatWindow(policy.budget.windowSeconds)}; the budget is ${formatDuration(policy.p95Seconds)}.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { windowSeconds, minimumRequests } = policy.budget
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = (instance: string) => new SeriesWriter({ job, instance }, stepSeconds)
  const seconds = 2 * windowSeconds
  const plenty = (2 * minimumRequests) / windowSeconds
  const enough = crossing({
    from: 0,
    to: 2 * minimumRequests,
    line: minimumRequests,
    windowSeconds,
    stepSeconds,
  })
  const slow = bucketBeside(metrics.requestDuration, 'above', policy.p95Seconds)
  const fast = bucketBeside(metrics.requestDuration, 'below', policy.p95Seconds)
  const served = (instance: string, within: Bucket, ...perSecond: readonly number[]) =>
    write(instance).histogram(
      metrics.requestDuration,
      {},
      within,
      perSecond.map((value) => ({ seconds, value })),
    )
  const fires = {
    labels: { job },
    description: describe(
      job,
      humanizeDuration(slow.lower + (slow.upper - slow.lower) * quantile),
      context,
    ),
  }
  return [
    {
      name: 'fires over the budget, with enough requests, and ends when they do',
      series: served('a:9464', slow, 0, plenty, 0),
      expect: [
        { atSeconds: seconds + enough.beforeSeconds, alerts: [] },
        { atSeconds: seconds + enough.afterSeconds, alerts: [fires] },
        { atSeconds: 3 * seconds, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: served('a:9464', slow, plenty).map(({ series, values }) => ({
        series,
        values: `${values} _x1`,
      })),
      expect: [{ atSeconds: seconds + stepSeconds, alerts: [fires] }],
    },
    {
      name: 'a p95 within the budget is silent',
      series: served('a:9464', fast, plenty),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'a few slow requests prove nothing',
      series: served('a:9464', slow, plenty / 4),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
