import { metrics } from '../../core/metrics.ts'
import { panels } from '../panels.ts'
import { burning, burnNumbers, burnTests } from '../shapes/burn.ts'
import { describeLatencyBurn, latencyBurn, latencyOf, slowShare } from '../shapes/latency.ts'
import type { RuleDefinition } from './rule.ts'

/** For what five minutes cannot tell: few requests, or slowness that comes and goes. */
export const latencyBudgetBurn: RuleDefinition = (context) => {
  const { job } = context
  const source = latencyBurn(context, latencyOf(context, metrics.requestDuration))
  return {
    name: 'RerankerLatencyBudgetBurn',
    group: 'serving',
    severity: 'critical',
    query: burning(context, source),
    summary: 'Rerank requests have been slow for so long that the budget of a month will not last.',
    description: describeLatencyBurn('{{ $labels.job }}', context),
    panel: panels.duration,
    action:
      'See since when, and what was rolled out then: a model, a maximum length, callers that send more documents. Then whether requests wait (`reranker_queue_pairs`) or are computed slowly.',
    numbers: burnNumbers(context, slowShare),
    tests: burnTests(context, source, () => ({
      labels: { job },
      description: describeLatencyBurn(job, context),
    })),
  }
}
