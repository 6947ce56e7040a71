import type { Metric } from '../../core/metrics.ts'
import { compare, filter, type Selector } from '../../core/promql.ts'
import type { AlertRule, RuleContext } from '../rules/rule.ts'
import { burning, burnTests } from './burn.ts'
import { describeLatencyBurn, latencyBurn, latencyOf, latencyTests, quantile } from './latency.ts'
import { like } from './prose.ts'

const deployment = ['namespace', 'job'] as const

/** The rules on a server's own histogram of durations: its p95 over the budget, and that for long. */
export function latencyRules(
  context: RuleContext,
  metric: Metric,
  options: {
    /** Which of the series are rerank requests. */
    readonly where: Selector<string>
    /** Labels of such a series, for the tests. */
    readonly tested: Readonly<Record<string, string>>
    readonly action: string
  },
): readonly AlertRule[] {
  const { policy, job } = context
  const { windowSeconds, minimumRequests } = policy.budget
  const { action, tested } = options
  const source = latencyOf(context, metric, options)
  const burn = latencyBurn(context, source)
  const exceeded = like('RerankerLatencyBudgetExceeded', context)
  return [
    {
      ...exceeded,
      query: filter(
        compare(source.quantile(quantile, windowSeconds), '>', policy.p95Seconds),
        'and',
        deployment,
        compare(source.requests(windowSeconds), '>=', minimumRequests),
      ),
      action,
      tests: latencyTests(context, metric, tested, exceeded.description),
    },
    {
      ...like('RerankerLatencyBudgetBurn', context),
      query: burning(context, burn),
      action,
      tests: burnTests(context, burn, () => ({
        labels: { job },
        description: describeLatencyBurn(job, context),
      })),
    },
  ]
}
