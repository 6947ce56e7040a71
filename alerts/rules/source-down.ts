import { metrics } from '../../core/metrics.ts'
import { lasting } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { lastingTests } from '../cases.ts'
import { panels } from '../panels.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const sourceDown: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankscopeSourceDown',
    group: 'health',
    severity: 'warning',
    query: lasting(0, metrics.sourceUp, policy, { job }),
    summary: 'A source of the sidecar gives no fresh values.',
    description: describe('{{ $labels.source }}', '{{ $labels.instance }}', context),
    panel: panels.sources,
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
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, policy.alerting.evaluationSeconds)
  const sources = { first: 'nvidia-smi', second: 'serving' }
  return lastingTests({
    policy,
    wrong: 0,
    series: (which, phases) => write.gauge(metrics.sourceUp, { source: sources[which] }, phases),
    fires: (which) => ({
      labels: { job, instance, source: sources[which] },
      description: describe(sources[which], instance, context),
    }),
  })
}
