import { either, overTime, scrapeUp } from '../../core/promql.ts'
import { formatWindow } from '../../core/units.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'
import { scraped, unreachable, unreachableNumbers, unreachableTests } from './unreachable.ts'

/** Where the server itself is scraped: it does not answer, or Prometheus knows none. */
export function serverDown(context: RuleContext): AlertRule {
  const { policy, job } = context
  return {
    name: 'RerankerServerDown',
    group: 'serving',
    severity: 'critical',
    query: either(
      unreachable(context),
      overTime('absent', scrapeUp, policy.alerting.faultWindowSeconds, { job }),
    ),
    summary: 'The metrics of a reranker cannot be read.',
    description: describe(
      '{{ $labels.job }}',
      '{{ with $labels.instance }} at {{ . }}{{ end }}',
      context,
    ),
    action:
      "See whether the server runs and answers (`curl http://INSTANCE/metrics`); start it again if not. If none is named, look at Prometheus' targets page: the scrape job is missing or has another name.",
    numbers: unreachableNumbers(context),
    tests: [
      ...unreachableTests(context, (instance) => describe(job, ` at ${instance}`, context)),
      nobody(context),
    ],
  }
}

function describe(job: string, at: string, { policy: { alerting } }: RuleContext): string {
  return `Prometheus could read no metrics of ${job}${at} for ${formatWindow(alerting.faultWindowSeconds)}: it is down, or unwatched.`
}

function nobody(context: RuleContext): RuleTest {
  const { policy, job } = context
  const seconds = 2 * policy.alerting.faultWindowSeconds
  return {
    name: 'nobody of that name is scraped at all',
    series: [scraped(context, 'other', 'c:9100', [{ seconds, value: 1 }])],
    expect: [
      {
        atSeconds: seconds,
        alerts: [{ labels: { job }, description: describe(job, '', context) }],
      },
    ],
  }
}
