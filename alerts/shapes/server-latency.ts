import type { Metric } from '../../core/metrics.ts'
import {
  aggregate,
  compare,
  filter,
  histogramCount,
  histogramQuantile,
  type Selector,
} from '../../core/promql.ts'
import type { AlertRule, RuleContext } from '../rules/rule.ts'
import { latencyTests, quantile } from './latency.ts'
import { like } from './prose.ts'

const deployment = ['namespace', 'job'] as const

/** The rule on a server's own histogram of durations: its p95 over the budget, with enough requests. */
export function latencyRule(
  context: RuleContext,
  metric: Metric,
  options: {
    /** Which of the series are rerank requests. */
    readonly where: Selector<string>
    /** Labels of such a series, for the tests. */
    readonly tested: Readonly<Record<string, string>>
    readonly action: string
  },
): AlertRule {
  const { policy, job } = context
  const { windowSeconds, minimumRequests } = policy.budget
  const base = like('RerankerLatencyBudgetExceeded', context)
  const where = { job, ...options.where }
  const p95 = histogramQuantile(quantile, deployment, metric, windowSeconds, where)
  const count = aggregate('sum', deployment, histogramCount(metric, windowSeconds, where))
  return {
    ...base,
    query: filter(
      compare(p95, '>', policy.p95Seconds),
      'and',
      deployment,
      compare(count, '>=', minimumRequests),
    ),
    action: options.action,
    tests: latencyTests(context, metric, options.tested, base.description),
  }
}
