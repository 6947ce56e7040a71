import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { humanizePercentage } from '../series.ts'
import { burning, burnNumbers, burnTests } from '../shapes/burn.ts'
import { errorBurn, sidecarErrors } from '../shapes/errors.ts'
import { filled } from '../shapes/words.ts'
import type { RuleContext, RuleDefinition } from './rule.ts'

/** For what five minutes cannot tell: few requests, or errors that come and go. */
export const errorBudgetBurn: RuleDefinition = (context) => {
  const { policy, job } = context
  const source = errorBurn(context, sidecarErrors(context))
  const description = describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context)
  return {
    name: 'RerankerErrorBudgetBurn',
    group: 'serving',
    severity: 'critical',
    query: burning(context, source),
    summary: 'Rerank requests have failed for so long that the budget of a month will not last.',
    description,
    panel: panels.errorsByClass,
    action:
      'See which class grows in `reranker_errors_total`, and since when: what was rolled out then? A caller’s mistake goes to the caller; `backend` and `overloaded` are the server’s.',
    numbers: burnNumbers(context, policy.budget.errorRatio),
    tests: burnTests(context, source, (bad) => ({
      labels: { job },
      description: filled(description, { job }, humanizePercentage(bad)),
    })),
  }
}

function describe(job: string, value: string, { policy: { burn, budget } }: RuleContext): string {
  return `${value} of the requests to ${job} in the last ${formatWindow(burn.fastWindowSeconds)} or ${formatWindow(burn.slowWindowSeconds)} were not answered with scores, and it goes on; ${formatLine(budget.errorRatio)} are allowed.`
}
