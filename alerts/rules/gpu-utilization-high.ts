import { compare } from '../../core/promql.ts'
import { settledUtilization } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { crossing, humanizePercentage, SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const gpuUtilizationHigh: RuleDefinition = (context) => {
  const { policy, job } = context
  const { utilizationRatio: line, windowSeconds } = policy.scaleOut
  return {
    name: 'RerankerGpuUtilizationHigh',
    group: 'saturation',
    severity: 'warning',
    query: compare(
      settledUtilization(['namespace', 'job'], policy.scaleOut, policy, { job }),
      '>',
      line,
    ),
    summary: 'The GPUs of the reranker have no headroom left.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context),
    panel: panels.utilization,
    action:
      'Add a replica, or cut the work that a query brings: fewer documents, a shorter maximum length.',
    numbers: [
      ['Fires above', formatLine(line)],
      ['Mean over', formatWindow(windowSeconds)],
      ['Of which observed', `at least ${formatLine(policy.minimumCoverageRatio)}`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, value: string, { policy: { scaleOut } }: RuleContext): string {
  return `The GPUs of ${job} were busy for ${value} of the last ${formatWindow(scaleOut.windowSeconds)}, over the ${formatLine(scaleOut.utilizationRatio)} line.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { utilizationRatio: line, windowSeconds } = policy.scaleOut
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds)
  const busy = (1 + line) / 2
  const quiet = line / 2
  // A pair of GPUs whose mean stays just under the line although one of them is over it.
  const margin = Math.min(1 - line, line / 2) / 2
  const change = crossing({ from: quiet, to: busy, line, windowSeconds, stepSeconds })
  const fires = (ratio: number) => ({
    labels: { job },
    description: describe(job, humanizePercentage(ratio), context),
  })
  // Long enough for every window to hold nothing but the phase.
  const settled = 2 * windowSeconds
  return [
    {
      name: 'fires once the window is over the line, not before, and stays a while',
      series: write.gpu('GPU-a', [
        { seconds: settled, utilizationRatio: quiet },
        { seconds: settled, utilizationRatio: busy },
        { seconds: 3600, utilizationRatio: quiet },
      ]),
      expect: [
        { atSeconds: settled + change.beforeSeconds, alerts: [] },
        { atSeconds: settled + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * settled, alerts: [fires(busy)] },
        {
          atSeconds: 2 * settled + 2 * windowSeconds + 2 * policy.alerting.keepFiringSeconds,
          alerts: [],
        },
      ],
    },
    {
      name: 'says nothing before enough of the window was observed',
      series: write.gpu('GPU-a', [{ seconds: settled, utilizationRatio: busy }]),
      expect: [
        {
          atSeconds:
            stepSeconds *
            (Math.ceil((windowSeconds * policy.minimumCoverageRatio) / stepSeconds) - 1),
          alerts: [],
        },
        { atSeconds: windowSeconds + stepSeconds, alerts: [fires(busy)] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: write.gpu('GPU-a', [
        { seconds: settled, utilizationRatio: busy },
        { seconds: stepSeconds, utilizationRatio: busy, unseen: true },
        { seconds: stepSeconds, utilizationRatio: busy },
      ]),
      expect: [{ atSeconds: settled + 2 * stepSeconds, alerts: [fires(busy)] }],
    },
    {
      name: 'says nothing when the driver reports no utilisation',
      series: write.gpu('MIG-a', [{ seconds: settled, utilizationRatio: busy, observed: false }]),
      expect: [{ atSeconds: settled, alerts: [] }],
    },
    {
      name: 'two GPUs count as their mean: one over the line is not enough',
      series: [
        ...write.gpu('GPU-a', [{ seconds: settled, utilizationRatio: line + margin }]),
        ...write.gpu('GPU-b', [{ seconds: settled, utilizationRatio: line - 2 * margin }]),
      ],
      expect: [{ atSeconds: settled, alerts: [] }],
    },
  ]
}
