import type { RuleContext, RuleTest } from '../rules/rule.ts'
import { crossing, humanizePercentage, SeriesWriter, withGap, type InputSeries } from '../series.ts'
import { filled } from './words.ts'

/** So many requests a second, of which a share fails. */
export interface ErrorPhase {
  readonly seconds: number
  readonly perSecond: number
  readonly failed: number
}

export type ErrorSeries = (
  write: SeriesWriter,
  phases: readonly ErrorPhase[],
) => readonly InputSeries[]

/** Tests of a rule on the share of requests that fail. */
export function errorTests(
  { policy, job }: RuleContext,
  series: ErrorSeries,
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
      shares.map((failed) => ({ seconds, perSecond, failed })),
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
