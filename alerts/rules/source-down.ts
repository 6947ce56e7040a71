import { metrics } from '../../core/metrics.ts'
import { lastingZero } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const sourceDown: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankscopeSourceDown',
    group: 'health',
    severity: 'warn',
    query: lastingZero(metrics.sourceUp, policy, { job }),
    summary: 'A source of the sidecar gives no fresh values.',
    description: describe('{{ $labels.source }}', '{{ $labels.instance }}', context),
    action:
      "Read the reason in the sidecar's `/status` (`sources[].reason`); start what does not answer, or correct the sidecar's options.",
    numbers: [
      ['Silent for', formatWindow(faultWindowSeconds)],
      ['Of which seen', `at least ${String(minimumSamples)} scrapes`],
    ],
    tests: testsOf(context),
  }
}

function describe(source: string, instance: string, { policy: { alerting } }: RuleContext): string {
  return `Source ${source} of the sidecar at ${instance} has given nothing fresh for ${formatWindow(alerting.faultWindowSeconds)}; its figures are withheld, so boards and advice are blind to them.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, faultWindowSeconds, minimumSamples } = policy.alerting
  const settled = 2 * faultWindowSeconds
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, stepSeconds)
  const source = (name: string, ...phases: Parameters<SeriesWriter['gauge']>[2]) =>
    write.gauge(metrics.sourceUp, { source: name }, phases)
  const fires = (name: string) => ({
    labels: { job, instance, source: name },
    description: describe(name, instance, context),
  })
  return [
    {
      name: 'one of two sources fails: fires for that one, after the window, and ends with it',
      series: [
        source('nvidia-smi', { seconds: 3600, value: 1 }),
        source(
          'serving',
          { seconds: settled, value: 1 },
          { seconds: settled, value: 0 },
          { seconds: settled, value: 1 },
        ),
      ],
      expect: [
        { atSeconds: settled + faultWindowSeconds - stepSeconds, alerts: [] },
        { atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('serving')] },
        { atSeconds: 2 * settled + stepSeconds, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not start the wait again',
      series: [
        source(
          'nvidia-smi',
          { seconds: settled, value: 1 },
          { seconds: faultWindowSeconds / 2, value: 0 },
          { seconds: stepSeconds, value: 0, unseen: true },
          { seconds: faultWindowSeconds / 2, value: 0 },
        ),
      ],
      expect: [
        { atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('nvidia-smi')] },
      ],
    },
    {
      name: 'too few samples say nothing',
      series: [source('nvidia-smi', { seconds: settled, value: 0 })],
      expect: [{ atSeconds: (minimumSamples - 2) * stepSeconds, alerts: [] }],
    },
  ]
}
