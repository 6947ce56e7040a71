import { compare, filter, type Query } from '../../core/promql.ts'
import { formatWindow } from '../../core/units.ts'
import { queueTarget } from '../autoscaling/behavior.ts'
import { panels } from '../panels.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'
import { crossing, SeriesWriter, withGap, type InputSeries } from '../series.ts'

const deployment = ['namespace', 'job'] as const
type Deployment = (typeof deployment)[number]

/** So many requests a second, each waiting so long in the time that its batch takes to compute. */
export interface QueuePhase {
  readonly seconds: number
  readonly perSecond: number
  readonly waited: number
}

/** How a server tells how long requests wait and how long batches compute. */
export interface QueueSource {
  /** Waiting over computing, over the window of the budget. */
  readonly ratio: Query<Deployment>
  /** Requests, over the same window. */
  readonly requests: Query<Deployment>
  readonly series: (write: SeriesWriter, phases: readonly QueuePhase[]) => readonly InputSeries[]
}

/** The rule that sees a burst which the mean utilisation hides: work waits longer than it computes. */
export function queueShare(context: RuleContext, source: QueueSource): AlertRule {
  const { minimumRequests, windowSeconds } = context.policy.budget
  return {
    name: 'RerankerQueueSaturated',
    group: 'saturation',
    severity: 'warning',
    query: filter(
      compare(source.ratio, '>', queueTarget),
      'and',
      deployment,
      compare(source.requests, '>=', minimumRequests),
    ),
    summary: 'Requests wait longer for the device than it takes to compute them.',
    description: describe('{{ $labels.job }}', '{{ $value | humanize }}', context),
    panel: panels.queue,
    action:
      'Add a replica, or have the server refuse earlier and callers send fewer documents. If the utilisation is low meanwhile, the load comes in bursts: smooth them.',
    numbers: [
      ['Fires when waiting over computing is above', String(queueTarget)],
      ['Mean over', formatWindow(windowSeconds)],
      ['With at least', `${String(minimumRequests)} requests`],
    ],
    tests: testsOf(context, source),
  }
}

function describe(job: string, value: string, { policy: { budget } }: RuleContext): string {
  return `Requests to ${job} waited ${value} times as long as their batches computed, over the last ${formatWindow(budget.windowSeconds)}.`
}

function testsOf(context: RuleContext, { series }: QueueSource): readonly RuleTest[] {
  const { policy, job } = context
  const { windowSeconds, minimumRequests } = policy.budget
  const stepSeconds = policy.alerting.evaluationSeconds
  const seconds = 2 * windowSeconds
  const [short, long] = [queueTarget / 2, queueTarget * 2]
  const plenty = (4 * minimumRequests) / windowSeconds
  const change = crossing({ from: short, to: long, line: queueTarget, windowSeconds, stepSeconds })
  const served = (...phases: readonly (readonly [waited: number, perSecond: number])[]) =>
    series(
      new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds),
      phases.map(([waited, perSecond]) => ({ seconds, waited, perSecond })),
    )
  const fires = { labels: { job }, description: describe(job, String(long), context) }
  return [
    {
      name: 'fires once requests wait longer than they compute, not before, and ends with it',
      series: served([short, plenty], [long, plenty], [short, plenty]),
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
        {
          atSeconds: 3 * seconds + policy.alerting.keepFiringSeconds,
          alerts: [],
        },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: withGap(served([long, plenty])),
      expect: [{ atSeconds: seconds + stepSeconds, alerts: [fires] }],
    },
    {
      name: 'a few requests prove nothing',
      series: served([long, plenty / 16]),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'no traffic waits for nothing',
      series: served([0, 0]),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
