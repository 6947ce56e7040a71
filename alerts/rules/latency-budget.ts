import { metrics } from '../../core/metrics.ts'
import { slowRequests } from '../../core/queries.ts'
import { formatDuration, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { latencyTests } from '../shapes/latency.ts'
import type { RuleContext, RuleDefinition } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const latencyBudget: RuleDefinition = (context) => {
  const { policy, job } = context
  const { windowSeconds, minimumRequests } = policy.budget
  const description = describe('{{ $labels.job }}', '{{ $value | humanizeDuration }}', context)
  return {
    name: 'RerankerLatencyBudgetExceeded',
    group: 'serving',
    severity: 'critical',
    query: slowRequests(deployment, policy, { job }),
    summary: 'Rerank requests take longer than they may.',
    description,
    panel: panels.duration,
    action:
      'See whether requests wait (`reranker_queue_pairs`) or are computed slowly: a queue wants replicas or fewer documents, slow batches a smaller model, shorter texts or a look at throttling.',
    numbers: [
      ['Fires when p95 is above', formatDuration(policy.p95Seconds)],
      ['Over', formatWindow(windowSeconds)],
      ['With at least', `${String(minimumRequests)} requests`],
    ],
    tests: latencyTests(context, metrics.requestDuration, {}, description),
  }
}

function describe(job: string, value: string, { policy }: RuleContext): string {
  return `The p95 of requests to ${job} was ${value} over the last ${formatWindow(policy.budget.windowSeconds)}; the budget is ${formatDuration(policy.p95Seconds)}.`
}
