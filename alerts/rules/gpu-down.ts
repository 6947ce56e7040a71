import { metrics } from '../../core/metrics.ts'
import { lastingZero } from '../../core/queries.ts'
import { formatWindow } from '../../core/units.ts'
import { SeriesWriter } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const gpuDown: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  return {
    name: 'RerankscopeGpuDown',
    group: 'health',
    severity: 'warn',
    query: lastingZero(metrics.gpuUp, policy, { job }),
    summary: 'A GPU that was seen before does not answer any more.',
    description: describe('{{ $labels.gpu_uuid }}', '{{ $labels.instance }}', context),
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
  const { evaluationSeconds: stepSeconds, faultWindowSeconds, minimumSamples } = policy.alerting
  const settled = 2 * faultWindowSeconds
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, stepSeconds)
  const gpu = (uuid: string, ...phases: Parameters<SeriesWriter['gauge']>[2]) =>
    write.gauge(metrics.gpuUp, { gpu_uuid: uuid }, phases)
  const fires = (uuid: string) => ({
    labels: { job, instance, gpu_uuid: uuid },
    description: describe(uuid, instance, context),
  })
  return [
    {
      name: 'one of two GPUs is lost: fires for that one, after the window, and ends with it',
      series: [
        gpu('GPU-a', { seconds: 3600, value: 1 }),
        gpu(
          'GPU-b',
          { seconds: settled, value: 1 },
          { seconds: settled, value: 0 },
          { seconds: settled, value: 1 },
        ),
      ],
      expect: [
        { atSeconds: settled + faultWindowSeconds - stepSeconds, alerts: [] },
        { atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('GPU-b')] },
        { atSeconds: 2 * settled + stepSeconds, alerts: [] },
      ],
    },
    {
      name: 'a failed scrape does not start the wait again',
      series: [
        gpu(
          'GPU-a',
          { seconds: settled, value: 1 },
          { seconds: faultWindowSeconds / 2, value: 0 },
          { seconds: stepSeconds, value: 0, unseen: true },
          { seconds: faultWindowSeconds / 2, value: 0 },
        ),
      ],
      expect: [{ atSeconds: settled + faultWindowSeconds + stepSeconds, alerts: [fires('GPU-a')] }],
    },
    {
      name: 'too few samples say nothing',
      series: [gpu('GPU-a', { seconds: settled, value: 0 })],
      expect: [{ atSeconds: (minimumSamples - 2) * stepSeconds, alerts: [] }],
    },
  ]
}
