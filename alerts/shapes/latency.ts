import type { Metric } from '../../core/metrics.ts'
import {
  aggregate,
  compare,
  histogramCount,
  histogramQuantile,
  type Query,
  type Selector,
} from '../../core/promql.ts'
import { formatDuration, formatLine, formatWindow } from '../../core/units.ts'
import {
  bucketBeside,
  crossing,
  humanizeDuration,
  SeriesWriter,
  withGap,
  type Bucket,
} from '../series.ts'
import type { RuleContext, RuleTest } from '../rules/rule.ts'
import { pacesOf, type BurnSource } from './burn.ts'
import { filled } from './words.ts'

const deployment = ['namespace', 'job'] as const
type Deployment = (typeof deployment)[number]

export const quantile = 0.95
/** What a budget of p95 allows: one in twenty may be slower. */
export const slowShare = Number((1 - quantile).toPrecision(12))

/** A histogram of request durations, and which of its series count. */
export interface LatencySource {
  readonly quantile: (q: number, windowSeconds: number) => Query<Deployment>
  readonly requests: (windowSeconds: number) => Query<Deployment>
  readonly metric: Metric
  /** Labels of such a series, for the tests. */
  readonly tested: Readonly<Record<string, string>>
}

export function latencyOf(
  { job }: RuleContext,
  metric: Metric,
  {
    where = {},
    tested = {},
  }: {
    readonly where?: Selector<string>
    readonly tested?: Readonly<Record<string, string>>
  } = {},
): LatencySource {
  const own = { job, ...where }
  return {
    quantile: (q, windowSeconds) => histogramQuantile(q, deployment, metric, windowSeconds, own),
    requests: (windowSeconds) =>
      aggregate('sum', deployment, histogramCount(metric, windowSeconds, own)),
    ...{ metric, tested },
  }
}

/**
 * More than `line` of the requests are slower than p95 may be when the quantile of the others is: no
 * bucket need end exactly there.
 */
export function latencyBurn({ policy }: RuleContext, source: LatencySource): BurnSource {
  const { metric, tested } = source
  const edges = {
    good: bucketBeside(metric, 'below', policy.p95Seconds),
    bad: bucketBeside(metric, 'above', policy.p95Seconds),
  }
  return {
    allowed: slowShare,
    above: (line, windowSeconds) =>
      compare(source.quantile(1 - line, windowSeconds), '>', policy.p95Seconds),
    requests: source.requests,
    series: (write, phases) => write.divided(metric, tested, edges, phases),
  }
}

export function describeLatencyBurn(job: string, { policy }: RuleContext): string {
  const [fast, slow] = pacesOf(policy, slowShare).map(
    ({ line, windowSeconds }) => `${formatLine(line)} in the last ${formatWindow(windowSeconds)}`,
  ) as [string, string]
  return `Of the requests to ${job} at least ${fast}, or ${slow}, took longer than ${formatDuration(policy.p95Seconds)}, and it goes on; ${formatLine(slowShare)} may.`
}

/** Tests of a rule on the p95 of a histogram, whose series carry `labels`. */
export function latencyTests<L extends string>(
  { policy, job }: RuleContext,
  metric: Metric<L>,
  labels: Readonly<Record<NoInfer<L>, string>>,
  description: string,
): readonly RuleTest[] {
  const { windowSeconds, minimumRequests } = policy.budget
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds)
  const seconds = 2 * windowSeconds
  const plenty = (2 * minimumRequests) / windowSeconds
  const enough = crossing({
    from: 0,
    to: 2 * minimumRequests,
    line: minimumRequests,
    windowSeconds,
    stepSeconds,
  })
  const slow = bucketBeside(metric, 'above', policy.p95Seconds)
  const fast = bucketBeside(metric, 'below', policy.p95Seconds)
  const served = (within: Bucket, ...perSecond: readonly number[]) =>
    write.histogram(
      metric,
      labels,
      within,
      perSecond.map((value) => ({ seconds, value })),
    )
  const p95 = slow.lower + (slow.upper - slow.lower) * quantile
  const fires = {
    labels: { job },
    description: filled(description, { job }, humanizeDuration(p95)),
  }
  return [
    {
      name: 'fires over the budget, with enough requests, and ends when they do',
      series: served(slow, 0, plenty, 0),
      expect: [
        { atSeconds: seconds + enough.beforeSeconds, alerts: [] },
        { atSeconds: seconds + enough.afterSeconds, alerts: [fires] },
        { atSeconds: 3 * seconds, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: withGap(served(slow, plenty)),
      expect: [{ atSeconds: seconds + stepSeconds, alerts: [fires] }],
    },
    {
      name: 'a p95 within the budget is silent',
      series: served(fast, plenty),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'a few slow requests prove nothing',
      series: served(slow, plenty / 4),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
