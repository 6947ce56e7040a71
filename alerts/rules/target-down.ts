import { scrapeUp } from '../../core/promql.ts'
import { lasting } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { lastingTests } from '../cases.ts'
import { panels } from '../panels.ts'
import { SeriesWriter, type Phase } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const targetDown: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankscopeTargetDown',
    group: 'health',
    severity: 'critical',
    query: lasting(0, scrapeUp, policy, { job }),
    summary: 'Prometheus cannot scrape a sidecar.',
    description: describe('{{ $labels.instance }}', context),
    panel: panels.watched,
    action:
      'See whether the sidecar runs and its port is open to Prometheus (`curl http://INSTANCE/-/healthy`); start it again if not.',
    numbers: [
      ['Unreachable for', formatWindow(faultWindowSeconds)],
      ['Of which tried', `at least ${String(minimumSamples)} scrapes`],
    ],
    tests: testsOf(context),
  }
}

function describe(instance: string, { policy: { alerting } }: RuleContext): string {
  return `Every scrape of the sidecar at ${instance} has failed for ${formatWindow(alerting.faultWindowSeconds)}; the reranker beside it is unwatched.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, faultWindowSeconds } = policy.alerting
  const instances = { first: 'a:9464', second: 'b:9464' }
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
        description: describe(instances[which], context),
      }),
    }),
    {
      name: "another job's targets are none of ours",
      series: [up('other', 'c:9100', [{ seconds, value: 0 }])],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
