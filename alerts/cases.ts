import type { Policy } from '../core/policy.ts'
import type { ExpectedAlert, RuleTest } from './rules/rule.ts'
import type { InputSeries, Phase } from './series.ts'

/** Tests that rules of one shape share. */

/** What can happen to one of two objects that a rule on a 0-or-1 gauge watches. */
export interface Watched {
  readonly policy: Policy
  /** The value that must not last. */
  readonly wrong: 0 | 1
  readonly series: (which: 'first' | 'second', phases: readonly Phase[]) => InputSeries
  readonly fires: (which: 'first' | 'second') => ExpectedAlert
  /** How long the alert stays after its reason went away. */
  readonly staysSeconds?: number
}

/** Of a rule that fires when a 0-or-1 gauge had one value throughout the fault window. */
export function lastingTests({
  policy,
  wrong,
  series,
  fires,
  staysSeconds = 0,
}: Watched): readonly RuleTest[] {
  const { evaluationSeconds: stepSeconds, faultWindowSeconds, minimumSamples } = policy.alerting
  const settled = 2 * faultWindowSeconds
  const right = 1 - wrong
  const afterwards = 2 * settled + 2 * staysSeconds + stepSeconds
  return [
    {
      name: 'one of two goes wrong: fires for that one, after the window, and ends with it',
      series: [
        series('first', [{ seconds: afterwards, value: right }]),
        series('second', [
          { seconds: settled, value: right },
          { seconds: settled, value: wrong },
          { seconds: afterwards - 2 * settled, value: right },
        ]),
      ],
      expect: [
        { atSeconds: settled + faultWindowSeconds - stepSeconds, alerts: [] },
        { atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('second')] },
        { atSeconds: afterwards, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not start the wait again',
      series: [
        series('first', [
          { seconds: settled, value: right },
          { seconds: faultWindowSeconds / 2, value: wrong },
          { seconds: stepSeconds, value: wrong, unseen: true },
          { seconds: faultWindowSeconds / 2, value: wrong },
        ]),
      ],
      expect: [{ atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('first')] }],
    },
    {
      name: 'what comes and goes does not last',
      series: [
        series('first', [
          { seconds: settled, value: right },
          { seconds: faultWindowSeconds / 2, value: wrong },
          { seconds: stepSeconds, value: right },
          { seconds: faultWindowSeconds / 2, value: wrong },
        ]),
      ],
      expect: [{ atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [] }],
    },
    {
      name: 'too few samples say nothing',
      series: [series('first', [{ seconds: settled, value: wrong }])],
      expect: [{ atSeconds: (minimumSamples - 2) * stepSeconds, alerts: [] }],
    },
  ]
}
