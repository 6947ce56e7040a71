import {
  filter,
  latest,
  scrapeLabels,
  scrapeUp,
  type Query,
  type ScrapeLabel,
} from '../../core/promql.ts'
import { lasting } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { lastingTests } from '../cases.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'
import { SeriesWriter, type Phase } from '../series.ts'

/**
 * Targets that Prometheus could not scrape throughout the window, and still tries to: the failures of
 * one that was taken away, as a pod that took long to end, stay in the window for a while.
 */
export function unreachable({ policy, job }: RuleContext): Query<ScrapeLabel> {
  const listed = latest(scrapeUp, { job })
  return filter(lasting(0, scrapeUp, policy, { job }), 'and', scrapeLabels, listed)
}

export function unreachableNumbers({ policy: { alerting } }: RuleContext): AlertRule['numbers'] {
  return [
    ['Unreachable for', formatWindow(alerting.faultWindowSeconds)],
    ['Of which tried', `at least ${String(alerting.minimumSamples)} scrapes`],
  ]
}

/** `up` of one target. */
export function scraped(
  { policy }: RuleContext,
  job: string,
  instance: string,
  phases: readonly Phase[],
) {
  return new SeriesWriter({ job, instance }, policy.alerting.evaluationSeconds).gauge(
    scrapeUp,
    {},
    phases,
  )
}

/** `describe` says it of an instance. */
export function unreachableTests(
  context: RuleContext,
  describe: (instance: string) => string,
): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, faultWindowSeconds, minimumSamples } = policy.alerting
  const instances = { first: 'a:9464', second: 'b:9464' }
  const seconds = 2 * faultWindowSeconds
  const failing = { seconds: (minimumSamples + 1) * stepSeconds, value: 0 }
  const left = scraped(context, job, instances.second, [{ seconds, value: 1 }, failing])
  return [
    ...lastingTests({
      policy,
      wrong: 0,
      series: (which, phases) => scraped(context, job, instances[which], phases),
      fires: (which) => ({
        labels: { job, instance: instances[which] },
        description: describe(instances[which]),
      }),
    }),
    {
      name: 'one that fails for a while and is taken away then is not down',
      series: [
        scraped(context, job, instances.first, [{ seconds: 2 * seconds, value: 1 }]),
        // What Prometheus writes when a target leaves its list.
        { ...left, values: `${left.values} stale` },
      ],
      expect: [{ atSeconds: seconds + faultWindowSeconds + stepSeconds, alerts: [] }],
    },
  ]
}
