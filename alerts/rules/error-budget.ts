import { metrics } from '../../core/metrics.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter } from '../series.ts'
import { errorTests, overErrorBudget, sidecarErrors } from '../shapes/errors.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const errorBudget: RuleDefinition = (context) => {
  const { errorRatio: allowed, windowSeconds, minimumRequests } = context.policy.budget
  const source = sidecarErrors(context)
  const description = describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context)
  return {
    name: 'RerankerErrorBudgetExceeded',
    group: 'serving',
    severity: 'critical',
    query: overErrorBudget(context, source),
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
    tests: [...errorTests(context, source.series, description), afterRestart(context)],
  }
}

function describe(job: string, value: string, { policy: { budget } }: RuleContext): string {
  return `${value} of the requests to ${job} in the last ${formatWindow(budget.windowSeconds)} were not answered with scores; ${formatLine(budget.errorRatio)} are allowed.`
}

/** A class that appears in the window, as after a restart. */
function afterRestart(context: RuleContext): RuleTest {
  const { policy, job } = context
  const { budget, alerting } = policy
  const write = new SeriesWriter({ job, instance: 'a:9464' }, alerting.evaluationSeconds)
  const seconds = 2 * budget.windowSeconds
  const perSecond = (2 * budget.minimumRequests) / budget.windowSeconds
  return {
    name: 'a restart in the window is not taken for errors',
    series: [
      ...sidecarErrors(context).series(write, [{ seconds, perSecond, bad: budget.errorRatio / 2 }]),
      write.counter(metrics.errors, { class: 'backend' }, [
        { seconds: budget.windowSeconds, value: 0 },
        { seconds: alerting.evaluationSeconds, value: 0, unseen: true },
      ]),
    ],
    expect: [{ atSeconds: seconds, alerts: [] }],
  }
}
