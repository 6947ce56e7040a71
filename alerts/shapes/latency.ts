import type { Metric } from '../../core/metrics.ts'
import {
  bucketBeside,
  crossing,
  humanizeDuration,
  SeriesWriter,
  withGap,
  type Bucket,
} from '../series.ts'
import type { RuleContext, RuleTest } from '../rules/rule.ts'
import { filled } from './words.ts'

export const quantile = 0.95

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
