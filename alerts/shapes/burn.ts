import type { Policy } from '../../core/policy.ts'
import { compare, either, filter, type Query } from '../../core/promql.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import type { AlertRule, ExpectedAlert, RuleContext, RuleTest } from '../rules/rule.ts'
import { crossing, SeriesWriter, withGap, type ServedSeries } from '../series.ts'

const deployment = ['namespace', 'job'] as const
type Deployment = (typeof deployment)[number]

/** A pace at which a budget is used up too fast, as a share of requests. */
export interface Pace {
  readonly line: number
  readonly windowSeconds: number
  readonly recentSeconds: number
}

/** The policy's two paces for a budget of so many bad requests; the fast one first. */
export function pacesOf({ burn }: Policy, allowed: number): readonly [Pace, Pace] {
  // A budget so large that no failure could use it up so fast still has a line below everything.
  const line = (rate: number) =>
    Number(Math.min(rate * allowed, 0.9 + allowed / 10).toPrecision(12))
  return [
    {
      line: line(burn.fastRate),
      windowSeconds: burn.fastWindowSeconds,
      recentSeconds: burn.fastRecentSeconds,
    },
    {
      line: line(burn.slowRate),
      windowSeconds: burn.slowWindowSeconds,
      recentSeconds: burn.slowRecentSeconds,
    },
  ]
}

/** How a server tells of requests that use the budget up. */
export interface BurnSource {
  /** The share of bad requests that the budget allows. */
  readonly allowed: number
  /** Deployments of which more than `line` were bad over the window. */
  readonly above: (line: number, windowSeconds: number) => Query<Deployment>
  readonly requests: (windowSeconds: number) => Query<Deployment>
  readonly series: ServedSeries
}

/**
 * Over the long window, so that it matters, and over its recent part, so that it goes on. Where there
 * are few requests the long window holds enough of them to speak.
 */
export function burning(
  { policy }: RuleContext,
  { allowed, above, requests }: BurnSource,
): Query<Deployment> {
  const [fast, slow] = pacesOf(policy, allowed).map(({ line, windowSeconds, recentSeconds }) =>
    filter(
      filter(above(line, windowSeconds), 'and', deployment, above(line, recentSeconds)),
      'and',
      deployment,
      compare(requests(windowSeconds), '>=', policy.budget.minimumRequests),
    ),
  ) as [Query<Deployment>, Query<Deployment>]
  return either(fast, slow)
}

export function burnNumbers({ policy }: RuleContext, allowed: number): AlertRule['numbers'] {
  return [
    ...pacesOf(policy, allowed).map(
      ({ line, windowSeconds, recentSeconds }) =>
        [
          `Fires above ${formatLine(line)}`,
          `over ${formatWindow(windowSeconds)} and over the last ${formatWindow(recentSeconds)}`,
        ] as const,
    ),
    ['With at least', `${String(policy.budget.minimumRequests)} requests in the longer of them`],
  ]
}

/** `fires`: the alert when a share of requests is bad; its words may depend on that. */
export function burnTests(
  { policy, job }: RuleContext,
  { allowed, series }: Pick<BurnSource, 'allowed' | 'series'>,
  fires: (bad: number) => ExpectedAlert,
): readonly RuleTest[] {
  const stepSeconds = policy.alerting.evaluationSeconds
  const [fast, slow] = pacesOf(policy, allowed)
  const plenty = (2 * policy.budget.minimumRequests) / policy.budget.windowSeconds
  const few = policy.budget.minimumRequests / slow.recentSeconds
  const served = (perSecond: number, ...phases: readonly (readonly [number, number])[]) =>
    series(
      new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds),
      phases.map(([seconds, bad]) => ({ seconds, perSecond, bad })),
    )
  const turn = { from: 0, to: 1, stepSeconds }
  const change = crossing({ ...turn, line: fast.line, windowSeconds: fast.windowSeconds })
  const failing = Math.ceil(change.afterSeconds / stepSeconds + 1) * stepSeconds
  // So much good traffic that the slow pace does not fire first; all of its window would take long.
  const needed = Math.max(fast.windowSeconds, (1.25 * failing) / slow.line)
  const before = Math.min(slow.windowSeconds, Math.ceil(needed / stepSeconds) * stepSeconds)
  // Above the slow line and, where it is not the same, under the fast one.
  const slowly = (slow.line + Math.max(fast.line, Math.min(1, 1.5 * slow.line))) / 2
  const rest = 2 * stepSeconds
  // Half as long again as would put it over the slow line when its recent window has passed.
  const odds = slow.line / (1 - slow.line)
  const spell = Math.ceil((1.5 * odds * (slow.recentSeconds + rest)) / stepSeconds) * stepSeconds
  return [
    {
      name: 'all fail: fires once the long window says so, not before, and ends with the recent one',
      series: served(plenty, [before, 0], [failing, 1], [fast.recentSeconds + rest, 0]),
      expect: [
        { atSeconds: before + change.beforeSeconds, alerts: [] },
        { atSeconds: before + change.afterSeconds, alerts: [{ labels: fires(1).labels }] },
        { atSeconds: before + failing + fast.recentSeconds + rest, alerts: [] },
      ],
    },
    {
      name: 'few requests, of which many fail: fires once there are enough, not before, and through a failed scrape',
      series: withGap(served(few, [slow.recentSeconds + rest, slowly])),
      expect: [
        { atSeconds: slow.recentSeconds - rest, alerts: [] },
        { atSeconds: slow.recentSeconds + rest, alerts: [fires(slowly)] },
        { atSeconds: slow.recentSeconds + rest + stepSeconds, alerts: [fires(slowly)] },
      ],
    },
    {
      name: 'what is over wakes nobody, though the long window still holds it',
      series: served(plenty, [spell, 1], [slow.recentSeconds + rest, 0]),
      expect: [{ atSeconds: spell + slow.recentSeconds + rest, alerts: [] }],
    },
    {
      name: 'a budget that is used up as it may be',
      series: served(plenty, [2 * fast.recentSeconds, allowed]),
      expect: [{ atSeconds: 2 * fast.recentSeconds, alerts: [] }],
    },
    {
      name: 'a handful of requests proves nothing',
      series: served(few / 4, [slow.recentSeconds, 1]),
      expect: [{ atSeconds: slow.recentSeconds, alerts: [] }],
    },
  ]
}
