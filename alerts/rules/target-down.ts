import { scrapeUp } from '../../core/promql.ts'
import { lastingZero } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const targetDown: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankscopeTargetDown',
    group: 'health',
    severity: 'page',
    query: lastingZero(scrapeUp, policy, { job }),
    summary: 'Prometheus cannot scrape a sidecar.',
    description: describe('{{ $labels.instance }}', context),
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
  const settled = 2 * faultWindowSeconds
  const up = (instance: string, ...phases: Parameters<SeriesWriter['gauge']>[2]) =>
    new SeriesWriter({ job, instance }, stepSeconds).gauge(scrapeUp, {}, phases)
  const fires = (instance: string) => ({
    labels: { job, instance },
    description: describe(instance, context),
  })
  return [
    {
      name: 'one of two sidecars is gone: fires for that one, after the window, and ends with it',
      series: [
        up('a:9464', { seconds: 3600, value: 1 }),
        up(
          'b:9464',
          { seconds: settled, value: 1 },
          { seconds: settled, value: 0 },
          { seconds: settled, value: 1 },
        ),
      ],
      expect: [
        { atSeconds: settled + faultWindowSeconds - stepSeconds, alerts: [] },
        { atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('b:9464')] },
        { atSeconds: 2 * settled + stepSeconds, alerts: [] },
      ],
    },
    {
      name: 'a sidecar that comes and goes is not down',
      series: [
        up(
          'a:9464',
          { seconds: faultWindowSeconds / 2, value: 0 },
          { seconds: stepSeconds, value: 1 },
          { seconds: faultWindowSeconds / 2, value: 0 },
        ),
      ],
      expect: [{ atSeconds: faultWindowSeconds + stepSeconds, alerts: [] }],
    },
    {
      name: "another job's targets are none of ours",
      series: [
        new SeriesWriter({ job: 'other', instance: 'c:9100' }, stepSeconds).gauge(scrapeUp, {}, [
          { seconds: settled, value: 0 },
        ]),
      ],
      expect: [{ atSeconds: settled, alerts: [] }],
    },
  ]
}
