import { overTime, scrapeUp } from '../../core/promql.ts'
import { formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const absent: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds } = policy.alerting
  return {
    name: 'RerankscopeAbsent',
    group: 'health',
    severity: 'critical',
    // Equality, not a regular expression: absent_over_time() takes the alert's labels from it.
    query: overTime('absent', scrapeUp, faultWindowSeconds, { job }),
    summary: 'Prometheus knows no sidecar at all.',
    description: describe('{{ $labels.job }}', context),
    panel: panels.watched,
    action:
      "Look at Prometheus' targets page: the scrape job is missing, has another name, or its service discovery finds nothing.",
    numbers: [['Absent for', formatWindow(faultWindowSeconds)]],
    tests: testsOf(context),
  }
}

function describe(job: string, { policy: { alerting } }: RuleContext): string {
  return `No target of the job ${job} has been scraped for ${formatWindow(alerting.faultWindowSeconds)}: every other alert of rerankscope is blind.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, faultWindowSeconds } = policy.alerting
  const settled = 2 * faultWindowSeconds
  const up = (name: string, ...phases: Parameters<SeriesWriter['gauge']>[2]) =>
    new SeriesWriter({ job: name, instance: 'a:9464' }, stepSeconds).gauge(scrapeUp, {}, phases)
  const fires = { labels: { job }, description: describe(job, context) }
  return [
    {
      name: 'fires when the last target has been gone for the window, not before',
      series: [
        up(
          job,
          { seconds: settled, value: 1 },
          { seconds: settled, value: 1, unseen: true },
          { seconds: settled, value: 1 },
        ),
      ],
      expect: [
        { atSeconds: settled + faultWindowSeconds - stepSeconds, alerts: [] },
        { atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires] },
        { atSeconds: 2 * settled + stepSeconds, alerts: [] },
      ],
    },
    {
      name: 'a target that fails is not absent',
      series: [up(job, { seconds: settled, value: 0 })],
      expect: [{ atSeconds: settled, alerts: [] }],
    },
    {
      name: "another job's targets do not stand in",
      series: [up('other', { seconds: settled, value: 1 })],
      expect: [{ atSeconds: settled, alerts: [fires] }],
    },
  ]
}
