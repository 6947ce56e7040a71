import { metrics } from '../../core/metrics.ts'
import { aggregate, compare, filter, overTime } from '../../core/promql.ts'
import { formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter, type Phase } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const replica = ['namespace', 'job', 'instance'] as const

/** The sidecar's sources that tell of GPUs; one with `--gpu none` has none of them, and says nothing here. */
export const gpuSourceNames = ['nvidia-smi', 'dcgm', 'emulated', 'replay'] as const

/** Silence about a GPU is not idleness: without this, a broken driver would read as a reason to scale in. */
export const gpuMetricsMissing: RuleDefinition = (context) => {
  const { policy, job } = context
  const { faultWindowSeconds, minimumSamples } = policy.alerting
  const source = { matches: gpuSourceNames.join('|') }
  return {
    name: 'RerankscopeGpuMetricsMissing',
    group: 'health',
    severity: 'warning',
    query: filter(
      compare(
        aggregate(
          'max',
          replica,
          overTime('count', metrics.sourceUp, faultWindowSeconds, { job, source }),
        ),
        '>=',
        minimumSamples,
      ),
      'unless',
      replica,
      compare(
        aggregate('max', replica, overTime('max', metrics.gpuUp, faultWindowSeconds, { job })),
        '==',
        1,
      ),
    ),
    summary: 'A sidecar that should watch GPUs has figures of none.',
    description: describe('{{ $labels.instance }}', context),
    panel: panels.answers,
    action:
      "Run `nvidia-smi` where the sidecar runs, and read `sources[].reason` in the sidecar's `/status`; give its container the driver, or say `--gpu none` if there is no GPU.",
    numbers: [
      ['No GPU answers for', formatWindow(faultWindowSeconds)],
      ['Of which seen', `at least ${String(minimumSamples)} scrapes`],
    ],
    tests: testsOf(context),
  }
}

function describe(instance: string, { policy: { alerting } }: RuleContext): string {
  return `The sidecar at ${instance} is set to watch GPUs and has had figures of none for ${formatWindow(alerting.faultWindowSeconds)}. That is not an idle GPU: advice on capacity is blind there.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { evaluationSeconds: stepSeconds, faultWindowSeconds } = policy.alerting
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, stepSeconds)
  const seconds = 2 * faultWindowSeconds
  const source = (name: string, ...phases: readonly Phase[]) =>
    write.gauge(metrics.sourceUp, { source: name }, phases)
  const gpu = (uuid: string, ...phases: readonly Phase[]) =>
    write.gauge(metrics.gpuUp, { gpu_uuid: uuid }, phases)
  const fires = { labels: { job, instance }, description: describe(instance, context) }
  const up = { seconds, value: 1 }
  const down = { seconds, value: 0 }
  return [
    {
      name: 'fires when no GPU has answered for the window, not before, and ends with it',
      series: [source('nvidia-smi', up, down, up), gpu('GPU-a', up, down, up)],
      expect: [
        { atSeconds: seconds + faultWindowSeconds - stepSeconds, alerts: [] },
        { atSeconds: seconds + faultWindowSeconds + stepSeconds, alerts: [fires] },
        { atSeconds: 2 * seconds + stepSeconds, alerts: [] },
      ],
    },
    {
      name: 'fires where none was ever seen, through a failed scrape',
      series: [source('dcgm', up, { seconds: stepSeconds, value: 1, unseen: true }, up)],
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires] }],
    },
    {
      name: 'one of two GPUs answers',
      series: [source('nvidia-smi', up), gpu('GPU-a', up), gpu('GPU-b', down)],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'a sidecar that is to watch no GPU misses none',
      series: [source('serving', up)],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
