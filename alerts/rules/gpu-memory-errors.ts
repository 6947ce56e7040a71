import { metrics } from '../../core/metrics.ts'
import { aggregate, compare, either, growth, overTime } from '../../core/promql.ts'
import { recoveryActions } from '../../core/snapshot.ts'
import { formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter, type Phase } from '../series.ts'
import type { AlertRule, RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const gpu = ['gpu_uuid', 'namespace', 'job', 'instance'] as const
const wanted = recoveryActions.filter((action) => action !== 'none')

export const gpuMemoryErrors: RuleDefinition = (context) => ({
  name: 'RerankerGpuMemoryErrors',
  group: 'health',
  severity: 'warning',
  query: queryOf(context),
  summary: 'A GPU had memory errors that cannot be corrected, or its driver asks for a reset.',
  description: describe('{{ $labels.gpu_uuid }}', '{{ $labels.instance }}', context),
  panel: panels.memoryErrors,
  action:
    'Read the kernel log (`dmesg | grep -i xid`) and `nvidia-smi -q -d ECC,ROW_REMAPPER`; drain the machine, then reset the GPU. If the errors come back, have the GPU replaced.',
  numbers: [
    ['Errors that cannot be corrected', 'any'],
    ['Shown for', formatWindow(context.policy.memory.errorWindowSeconds)],
  ],
  tests: testsOf(context),
})

/** XID events are in no figure of nvidia-smi; what the driver makes of them is: the recovery action. */
function queryOf({ policy, job }: RuleContext): AlertRule['query'] {
  const { memory, alerting } = policy
  const errors = growth('increase', metrics.gpuEccErrors, memory.errorWindowSeconds, {
    job,
    type: 'uncorrected',
  })
  const asked = overTime('max', metrics.gpuRecoveryAction, alerting.faultWindowSeconds, {
    job,
    action: { matches: wanted.join('|') },
  })
  return either(
    compare(aggregate('sum', gpu, errors), '>', 0),
    compare(aggregate('max', gpu, asked), '==', 1),
  )
}

function describe(uuid: string, instance: string, { policy: { memory } }: RuleContext): string {
  return `GPU ${uuid} at ${instance} had memory errors in the last ${formatWindow(memory.errorWindowSeconds)} that ECC could not correct, or its driver asks for a reset: scores computed there may be wrong or fail.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { errorWindowSeconds } = policy.memory
  const { evaluationSeconds: stepSeconds, faultWindowSeconds } = policy.alerting
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, stepSeconds)
  const calm = { seconds: 2 * faultWindowSeconds, value: 0 }
  const error = { seconds: stepSeconds, value: 1 / stepSeconds }
  const later = { seconds: 2 * errorWindowSeconds, value: 0 }
  const errors = (uuid: string, type: string, ...phases: readonly Phase[]) =>
    write.counter(metrics.gpuEccErrors, { gpu_uuid: uuid, type }, phases)
  const action = (name: string, ...phases: readonly Phase[]) =>
    write.gauge(metrics.gpuRecoveryAction, { gpu_uuid: 'GPU-a', action: name }, phases)
  const fires = (uuid: string) => ({
    labels: { job, instance, gpu_uuid: uuid },
    description: describe(uuid, instance, context),
  })
  return [
    {
      name: 'one of two GPUs has an error: fires for that one, not before, and ends',
      series: [
        errors('GPU-a', 'uncorrected', calm, later),
        errors('GPU-b', 'uncorrected', calm, error, later),
      ],
      expect: [
        { atSeconds: calm.seconds, alerts: [] },
        { atSeconds: calm.seconds + stepSeconds, alerts: [fires('GPU-b')] },
        { atSeconds: calm.seconds + 2 * stepSeconds + errorWindowSeconds, alerts: [] },
      ],
    },
    {
      name: 'fires while the driver asks for a reset, through a failed scrape',
      series: [
        action('reset', calm, { ...calm, value: 1 }, { ...error, unseen: true }, error),
        action('none', { ...calm, value: 1 }, calm),
      ],
      expect: [
        { atSeconds: calm.seconds, alerts: [] },
        { atSeconds: calm.seconds + stepSeconds, alerts: [fires('GPU-a')] },
        { atSeconds: 2 * calm.seconds + stepSeconds, alerts: [fires('GPU-a')] },
      ],
    },
    {
      name: 'errors that were corrected, and a driver that asks for nothing',
      series: [
        errors('GPU-a', 'corrected', calm, error, calm),
        action('none', { ...calm, value: 1 }),
        action('reset', calm),
      ],
      expect: [{ atSeconds: 2 * calm.seconds, alerts: [] }],
    },
    {
      name: 'errors from before the sidecar began to watch are old',
      series: [
        {
          ...errors('GPU-a', 'uncorrected', calm),
          values: `7+0x${String(calm.seconds / stepSeconds)}`,
        },
      ],
      expect: [{ atSeconds: calm.seconds, alerts: [] }],
    },
  ]
}
