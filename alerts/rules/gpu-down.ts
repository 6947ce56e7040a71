import { metrics } from '../../core/metrics.ts'
import { lasting } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { lastingTests } from '../cases.ts'
import { panels } from '../panels.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const gpuDown: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankscopeGpuDown',
    group: 'health',
    severity: 'warning',
    query: lasting(0, metrics.gpuUp, policy, { job }),
    summary: 'A GPU that was seen before does not answer any more.',
    description: describe('{{ $labels.gpu_uuid }}', '{{ $labels.instance }}', context),
    panel: panels.answers,
    action:
      'Look at `nvidia-smi` and the kernel log (`dmesg | grep -i xid`) on that machine; drain it and reset the GPU or restart the machine.',
    numbers: [
      ['Gone for', formatWindow(faultWindowSeconds)],
      ['Of which seen', `at least ${String(minimumSamples)} scrapes`],
    ],
    tests: testsOf(context),
  }
}

function describe(gpu: string, instance: string, { policy: { alerting } }: RuleContext): string {
  return `GPU ${gpu} at ${instance} has not answered for ${formatWindow(alerting.faultWindowSeconds)}; its figures are withheld.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, policy.alerting.evaluationSeconds)
  const gpus = { first: 'GPU-a', second: 'GPU-b' }
  return lastingTests({
    policy,
    wrong: 0,
    series: (which, phases) => write.gauge(metrics.gpuUp, { gpu_uuid: gpus[which] }, phases),
    fires: (which) => ({
      labels: { job, instance, gpu_uuid: gpus[which] },
      description: describe(gpus[which], instance, context),
    }),
  })
}
