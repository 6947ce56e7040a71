import { metrics } from '../../core/metrics.ts'
import { compare, filter } from '../../core/promql.ts'
import { errorRatio, requests } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { crossing, humanizePercentage, SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const errorBudget: RuleDefinition = (context) => {
  const { policy, job } = context
  const { errorRatio: allowed, windowSeconds, minimumRequests } = policy.budget
  return {
    name: 'RerankerErrorBudgetExceeded',
    group: 'serving',
    severity: 'critical',
    query: filter(
      compare(errorRatio(deployment, windowSeconds, { job }), '>', allowed),
      'and',
      deployment,
      compare(requests(deployment, windowSeconds, { job }), '>=', minimumRequests),
    ),
    summary: 'Too many rerank requests are not answered with scores.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context),
    panel: panels.errorsByClass,
    action:
      'See which class grows in `reranker_errors_total`: `overloaded` wants replicas or fewer documents, `backend` a look at the log of the server, the others at the callers.',
    numbers: [
      ['Fires above', `${formatLine(allowed)} of requests`],
      ['Over', formatWindow(windowSeconds)],
      ['With at least', `${String(minimumRequests)} requests`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, value: string, { policy: { budget } }: RuleContext): string {
  return `${value} of the requests to ${job} in the last ${formatWindow(budget.windowSeconds)} were not answered with scores; ${formatLine(budget.errorRatio)} are allowed.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { errorRatio: allowed, windowSeconds, minimumRequests } = policy.budget
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds)
  const seconds = 2 * windowSeconds
  const plenty = (2 * minimumRequests) / windowSeconds
  const [good, bad] = [allowed / 2, Math.min(1, allowed * 4)]
  const change = crossing({ from: good, to: bad, line: allowed, windowSeconds, stepSeconds })
  const traffic = (perSecond: number, ...ratios: readonly number[]) => [
    write.counter(metrics.requests, {}, [{ seconds: ratios.length * seconds, value: perSecond }]),
    write.counter(
      metrics.errors,
      { class: 'overloaded' },
      ratios.map((ratio) => ({ seconds, value: ratio * perSecond })),
    ),
  ]
  const fires = { labels: { job }, description: describe(job, humanizePercentage(bad), context) }
  return [
    {
      name: 'fires once the window is over the budget, not before, and ends with it',
      series: traffic(plenty, good, bad, good),
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
        { atSeconds: 3 * seconds, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: traffic(plenty, bad).map(({ series, values }) => ({
        series,
        values: `${values} _x1`,
      })),
      expect: [{ atSeconds: seconds + stepSeconds, alerts: [fires] }],
    },
    {
      name: 'a few requests prove nothing',
      series: traffic(plenty / 4, bad),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'no traffic is no error',
      series: traffic(0, 0),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'a restart in the window is not taken for errors',
      series: [
        ...traffic(plenty, good),
        write.counter(metrics.errors, { class: 'backend' }, [
          { seconds: windowSeconds, value: 0 },
          { seconds: stepSeconds, value: 0, unseen: true },
        ]),
      ],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
