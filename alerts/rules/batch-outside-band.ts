import { metrics } from '../../core/metrics.ts'
import { compare, either, filter, histogramMean } from '../../core/promql.ts'
import { requests, slowRequests } from '../../core/queries.ts'
import { formatDuration, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { bucketBeside, crossing, SeriesWriter, type MeanPhase } from '../series.ts'
import type { AlertRule, RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const batchOutsideBand: RuleDefinition = (context) => {
  const { policy } = context
  const { minimum, maximum } = policy.batchPairs
  const { windowSeconds } = policy.waste
  return {
    name: 'RerankerBatchOutsideBand',
    group: 'capacity',
    severity: 'info',
    query: queryOf(context),
    summary:
      'The batches given to the device are too small, or so large that requests wait for them.',
    description: describe('{{ $labels.job }}', '{{ $value | humanize }}', context),
    panel: panels.batch,
    action:
      'Too small: let the server wait a little longer to fill a batch, or raise its token budget. Too large: lower the budget, or add a replica.',
    numbers: [
      ['Fires below', `${String(minimum)} pairs a batch`],
      [
        'Fires above',
        `${String(maximum)} pairs a batch, if p95 is above ${formatDuration(policy.p95Seconds)}`,
      ],
      ['Mean over', formatWindow(windowSeconds)],
      ['With traffic of at least', `${String(policy.budget.minimumRequests)} requests`],
    ],
    tests: testsOf(context),
  }
}

/** Large batches alone are no harm; they are where requests take too long, for each waits for all. */
function queryOf({ policy, job }: RuleContext): AlertRule['query'] {
  const { minimum, maximum } = policy.batchPairs
  const { windowSeconds } = policy.waste
  const mean = histogramMean(deployment, metrics.batchPairs, windowSeconds, { job })
  const traffic = compare(
    requests(deployment, windowSeconds, { job }),
    '>=',
    policy.budget.minimumRequests,
  )
  const large = filter(
    compare(mean, '>', maximum),
    'and',
    deployment,
    slowRequests(deployment, policy, { job }),
  )
  return filter(either(compare(mean, '<', minimum), large), 'and', deployment, traffic)
}

function describe(job: string, value: string, { policy }: RuleContext): string {
  const { minimum, maximum } = policy.batchPairs
  return `A batch of ${job} held ${value} pairs on average over the last ${formatWindow(policy.waste.windowSeconds)}; ${String(minimum)} to ${String(maximum)} use the device well and keep requests short.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { minimum, maximum } = policy.batchPairs
  const { windowSeconds } = policy.waste
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds)
  const seconds = windowSeconds + 4 * stepSeconds
  const [small, right, large] = [minimum / 2, (minimum + maximum) / 2, 2 * maximum]
  const perSecond = (4 * policy.budget.minimumRequests) / policy.budget.windowSeconds
  const change = crossing({ from: right, to: small, line: minimum, windowSeconds, stepSeconds })
  const batches = (mean: number): MeanPhase => ({ seconds, perSecond, mean })
  const filled = (...phases: readonly MeanPhase[]) => write.mean(metrics.batchPairs, {}, phases)
  const traffic = (rate: number) =>
    write.counter(metrics.requests, {}, [{ seconds: 3 * seconds, value: rate }])
  const answered = (side: 'above' | 'below') =>
    write.histogram(
      metrics.requestDuration,
      {},
      bucketBeside(metrics.requestDuration, side, policy.p95Seconds),
      [{ seconds, value: perSecond }],
    )
  const fires = (mean: number) => ({
    labels: { job },
    description: describe(job, String(mean), context),
  })
  const at = (atSeconds: number, ...alerts: RuleTest['expect'][number]['alerts']) => ({
    atSeconds,
    alerts,
  })
  return [
    {
      name: 'fires once the mean is under the band, not before',
      series: [...filled(batches(right), batches(small)), traffic(perSecond)],
      expect: [
        at(seconds + change.beforeSeconds),
        at(seconds + change.afterSeconds, { labels: { job } }),
        at(2 * seconds, fires(small)),
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: [
        ...filled(batches(small)).map(({ series, values }) => ({
          series,
          values: `${values} _x1`,
        })),
        traffic(perSecond),
      ],
      expect: [at(seconds + stepSeconds, fires(small))],
    },
    {
      name: 'over the band with slow requests',
      series: [...filled(batches(large)), traffic(perSecond), ...answered('above')],
      expect: [at(seconds, fires(large))],
    },
    {
      name: 'over the band, and requests are fast: nothing is wrong',
      series: [...filled(batches(large)), traffic(perSecond), ...answered('below')],
      expect: [at(seconds)],
    },
    {
      name: 'within the band, or with hardly any traffic',
      series: [...filled(batches(small)), traffic(policy.budget.minimumRequests / (2 * seconds))],
      expect: [at(seconds)],
    },
  ]
}
