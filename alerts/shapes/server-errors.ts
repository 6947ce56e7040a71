import type { AlertRule, RuleContext } from '../rules/rule.ts'
import { humanizePercentage } from '../series.ts'
import { burning, burnTests } from './burn.ts'
import { errorBurn, errorTests, overErrorBudget, type ErrorSource } from './errors.ts'
import { like } from './prose.ts'
import { filled } from './words.ts'

/** The rules on a server's own counts of failures: over the budget, and that for long. */
export function errorRules(
  context: RuleContext,
  source: ErrorSource,
  action: string,
): readonly AlertRule[] {
  const { job } = context
  const burn = errorBurn(context, source)
  const exceeded = like('RerankerErrorBudgetExceeded', context)
  const burns = like('RerankerErrorBudgetBurn', context)
  return [
    {
      ...exceeded,
      query: overErrorBudget(context, source),
      action,
      tests: errorTests(context, source.series, exceeded.description),
    },
    {
      ...burns,
      query: burning(context, burn),
      action,
      tests: burnTests(context, burn, (bad) => ({
        labels: { job },
        description: filled(burns.description, { job }, humanizePercentage(bad)),
      })),
    },
  ]
}
