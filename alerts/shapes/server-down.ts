import { either, overTime, scrapeUp } from '../../core/promql.ts'
import { lasting } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { lastingTests } from '../cases.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'
import { SeriesWriter, type Phase } from '../series.ts'

/** Where the server itself is scraped: it does not answer, or Prometheus knows none. */
export function serverDown(context: RuleContext): AlertRule {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankerServerDown',
    group: 'serving',
    severity: 'critical',
    query: either(
      lasting(0, scrapeUp, policy, { job }),
      overTime('absent', scrapeUp, faultWindowSeconds, { job }),
    ),
    summary: 'The metrics of a reranker cannot be read.',
    description: describe(
      '{{ $labels.job }}',
      '{{ with $labels.instance }} at {{ . }}{{ end }}',
      context,
    ),
    action:
      "See whether the server runs and answers (`curl http://INSTANCE/metrics`); start it again if not. If none is named, look at Prometheus' targets page: the scrape job is missing or has another name.",
    numbers: [
      ['Unreachable for', formatWindow(faultWindowSeconds)],
      ['Of which tried', `at least ${String(minimumSamples)} scrapes`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, at: string, { policy: { alerting } }: RuleContext): string {
  return `Prometheus could read no metrics of ${job}${at} for ${formatWindow(alerting.faultWindowSeconds)}: it is down, or unwatched.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, faultWindowSeconds } = policy.alerting
  const instances = { first: 'a:8080', second: 'b:8080' }
  const up = (of: string, instance: string, phases: readonly Phase[]) =>
    new SeriesWriter({ job: of, instance }, stepSeconds).gauge(scrapeUp, {}, phases)
  const seconds = 2 * faultWindowSeconds
  return [
    ...lastingTests({
      policy,
      wrong: 0,
      series: (which, phases) => up(job, instances[which], phases),
      fires: (which) => ({
        labels: { job, instance: instances[which] },
        description: describe(job, ` at ${instances[which]}`, context),
      }),
    }).filter(({ name }) => !name.startsWith('too few')),
    {
      name: 'nobody of that name is scraped at all',
      series: [up('other', 'c:9100', [{ seconds, value: 1 }])],
      expect: [
        {
          atSeconds: seconds,
          alerts: [{ labels: { job }, description: describe(job, '', context) }],
        },
      ],
    },
  ]
}
