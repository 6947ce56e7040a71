import { metrics } from '../../core/metrics.ts'
import { compare, filter, type Query } from '../../core/promql.ts'
import { errorRatio, requests } from '../../core/queries.ts'
import type { RuleContext, RuleTest } from '../rules/rule.ts'
import {
  crossing,
  humanizePercentage,
  SeriesWriter,
  withGap,
  type ServedSeries,
} from '../series.ts'
import type { BurnSource } from './burn.ts'
import { filled } from './words.ts'

const deployment = ['namespace', 'job'] as const
type Deployment = (typeof deployment)[number]

/** How a server tells of requests that fail. */
export interface ErrorSource {
  /** The share that failed, 0 to 1. */
  readonly ratio: (windowSeconds: number) => Query<Deployment>
  readonly requests: (windowSeconds: number) => Query<Deployment>
  readonly series: ServedSeries
}

/** Failures that are counted beside the requests, as the sidecar does. */
export const sidecarErrors = ({ job }: RuleContext): ErrorSource => ({
  ratio: (windowSeconds) => errorRatio(deployment, windowSeconds, { job }),
  requests: (windowSeconds) => requests(deployment, windowSeconds, { job }),
  series: (write, phases) => [
    write.counter(
      metrics.requests,
      {},
      phases.map(({ seconds, perSecond }) => ({ seconds, value: perSecond })),
    ),
    write.counter(
      metrics.errors,
      { class: 'overloaded' },
      phases.map(({ seconds, perSecond, bad }) => ({ seconds, value: bad * perSecond })),
    ),
  ],
})

/** Over the budget, with enough requests to say so. */
export function overErrorBudget(
  { policy: { budget } }: RuleContext,
  source: ErrorSource,
): Query<Deployment> {
  return filter(
    compare(source.ratio(budget.windowSeconds), '>', budget.errorRatio),
    'and',
    deployment,
    compare(source.requests(budget.windowSeconds), '>=', budget.minimumRequests),
  )
}

export function errorBurn({ policy }: RuleContext, source: ErrorSource): BurnSource {
  return {
    ...source,
    allowed: policy.budget.errorRatio,
    above: (line, windowSeconds) => compare(source.ratio(windowSeconds), '>', line),
  }
}

/** Tests of a rule on the share of requests that fail. */
export function errorTests(
  { policy, job }: RuleContext,
  series: ServedSeries,
  description: string,
): readonly RuleTest[] {
  const { errorRatio: allowed, windowSeconds, minimumRequests } = policy.budget
  const stepSeconds = policy.alerting.evaluationSeconds
  const seconds = 2 * windowSeconds
  const plenty = (2 * minimumRequests) / windowSeconds
  const [good, bad] = [allowed / 2, Math.min(1, allowed * 4)]
  const change = crossing({ from: good, to: bad, line: allowed, windowSeconds, stepSeconds })
  const traffic = (perSecond: number, ...shares: readonly number[]) =>
    series(
      new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds),
      shares.map((share) => ({ seconds, perSecond, bad: share })),
    )
  const fires = {
    labels: { job },
    description: filled(description, { job }, humanizePercentage(bad)),
  }
  return [
    {
      name: 'fires once the window is over the budget, not before, and ends with it',
      series: traffic(plenty, good, bad, good),
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
        { atSeconds: 3 * seconds, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: withGap(traffic(plenty, bad)),
      expect: [{ atSeconds: seconds + stepSeconds, alerts: [fires] }],
    },
    {
      name: 'a few requests prove nothing',
      series: traffic(plenty / 4, bad),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'no traffic is no error',
      series: traffic(0, 0),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
