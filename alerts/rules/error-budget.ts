import { metrics } from '../../core/metrics.ts'
import { compare, filter } from '../../core/promql.ts'
import { errorRatio, requests } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter } from '../series.ts'
import { errorTests, type ErrorSeries } from '../shapes/errors.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const errorBudget: RuleDefinition = (context) => {
  const { policy, job } = context
  const { errorRatio: allowed, windowSeconds, minimumRequests } = policy.budget
  const description = describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context)
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
    description,
    panel: panels.errorsByClass,
    action:
      'See which class grows in `reranker_errors_total`: `overloaded` wants replicas or fewer documents, `backend` a look at the log of the server, the others at the callers.',
    numbers: [
      ['Fires above', `${formatLine(allowed)} of requests`],
      ['Over', formatWindow(windowSeconds)],
      ['With at least', `${String(minimumRequests)} requests`],
    ],
    tests: [...errorTests(context, series, description), afterRestart(context)],
  }
}

function describe(job: string, value: string, { policy: { budget } }: RuleContext): string {
  return `${value} of the requests to ${job} in the last ${formatWindow(budget.windowSeconds)} were not answered with scores; ${formatLine(budget.errorRatio)} are allowed.`
}

/** Failures that are counted beside the requests, as the sidecar does. */
const series: ErrorSeries = (write, phases) => [
  write.counter(
    metrics.requests,
    {},
    phases.map(({ seconds, perSecond }) => ({ seconds, value: perSecond })),
  ),
  write.counter(
    metrics.errors,
    { class: 'overloaded' },
    phases.map(({ seconds, perSecond, failed }) => ({ seconds, value: failed * perSecond })),
  ),
]

/** A class that appears in the window, as after a restart. */
function afterRestart({ policy, job }: RuleContext): RuleTest {
  const { budget, alerting } = policy
  const write = new SeriesWriter({ job, instance: 'a:9464' }, alerting.evaluationSeconds)
  const seconds = 2 * budget.windowSeconds
  const perSecond = (2 * budget.minimumRequests) / budget.windowSeconds
  return {
    name: 'a restart in the window is not taken for errors',
    series: [
      ...series(write, [{ seconds, perSecond, failed: budget.errorRatio / 2 }]),
      write.counter(metrics.errors, { class: 'backend' }, [
        { seconds: budget.windowSeconds, value: 0 },
        { seconds: alerting.evaluationSeconds, value: 0, unseen: true },
      ]),
    ],
    expect: [{ atSeconds: seconds, alerts: [] }],
  }
}
