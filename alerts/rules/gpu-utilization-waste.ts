import { metrics } from '../../core/metrics.ts'
import { compare, filter } from '../../core/promql.ts'
import { requests, settledUtilization } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { crossing, humanizePercentage, SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const gpuUtilizationWaste: RuleDefinition = (context) => {
  const { policy, job } = context
  const { utilizationRatio: line, windowSeconds } = policy.waste
  const { minimum, maximum } = policy.batchPairs
  return {
    name: 'RerankerGpuUtilizationWaste',
    group: 'capacity',
    severity: 'info',
    query: filter(
      compare(settledUtilization(deployment, policy.waste, policy, { job }), '<', line),
      'and',
      deployment,
      compare(requests(deployment, windowSeconds, { job }), '>=', policy.budget.minimumRequests),
    ),
    summary: 'The reranker serves requests, but its GPUs are idle much of the time.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context),
    panel: panels.utilization,
    action: `Change the batch strategy: larger batches (${String(minimum)} to ${String(maximum)} and more), less padding, more tokeniser workers; or take smaller GPUs.`,
    numbers: [
      ['Fires below', formatLine(line)],
      ['Mean over', formatWindow(windowSeconds)],
      ['Of which observed', `at least ${formatLine(policy.minimumCoverageRatio)}`],
      ['With traffic of at least', `${String(policy.budget.minimumRequests)} requests`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, value: string, { policy: { waste } }: RuleContext): string {
  return `The GPUs of ${job} were busy for only ${value} of the last ${formatWindow(waste.windowSeconds)}, under the ${formatLine(waste.utilizationRatio)} line, although requests came.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { utilizationRatio: line, windowSeconds } = policy.waste
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds)
  const [high, low] = [(1 + line) / 2, line / 2]
  const seconds = windowSeconds + 2 * stepSeconds
  const change = crossing({ from: high, to: low, line, windowSeconds, stepSeconds })
  const phases = [
    { seconds, utilizationRatio: high },
    { seconds, utilizationRatio: low },
    { seconds: stepSeconds, utilizationRatio: low, unseen: true },
    { seconds: stepSeconds, utilizationRatio: low },
  ]
  const idle = write.gpu('GPU-a', [{ seconds, utilizationRatio: low }])
  const traffic = (share: number) =>
    write.counter(metrics.requests, {}, [
      { seconds: 3 * seconds, value: (share * policy.budget.minimumRequests) / windowSeconds },
    ])
  const fires = {
    labels: { job },
    description: describe(job, humanizePercentage(low), context),
  }
  return [
    {
      name: 'fires with traffic once the window is under the line, not before',
      series: [...write.gpu('GPU-a', phases), traffic(2)],
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
        { atSeconds: 2 * seconds + 2 * stepSeconds, alerts: [fires] },
      ],
    },
    {
      name: 'an idle GPU without traffic wastes no batch',
      series: [...idle, traffic(0.5)],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'says nothing where the traffic is not known',
      series: idle,
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'two GPUs count as their mean: one idle is not enough',
      series: [
        ...write.gpu('GPU-a', [{ seconds, utilizationRatio: line - 0.5 * (1 - line) * line }]),
        ...write.gpu('GPU-b', [{ seconds, utilizationRatio: line + 0.75 * (1 - line) * line }]),
        traffic(2),
      ],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
