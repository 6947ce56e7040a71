import type { Metric } from '../../core/metrics.ts'
import { compare } from '../../core/promql.ts'
import { lastingMemoryUse } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { humanizePercentage, SeriesWriter, type Phase } from '../series.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'

/** The two gauges, of a GPU each. */
export interface MemoryGauges {
  readonly used: Metric<'gpu_uuid'>
  readonly total: Metric<'gpu_uuid'>
}

export function memoryHeadroom(context: RuleContext, gauges: MemoryGauges): AlertRule {
  const { policy, job } = context
  const { usedRatio: line, windowSeconds } = policy.memory
  return {
    name: 'RerankerGpuMemoryHeadroomLow',
    group: 'saturation',
    severity: 'warning',
    query: compare(lastingMemoryUse(gauges, windowSeconds, policy, { job }), '>', line),
    summary: 'Hardly any memory is free on a GPU.',
    description: describe(
      '{{ $labels.gpu_uuid }}',
      '{{ $labels.instance }}',
      '{{ $value | humanizePercentage }}',
      context,
    ),
    panel: panels.memory,
    action:
      'Lower the token budget of a batch or the maximum length, or the share that the server takes when it starts; move other processes off the GPU. A replica more frees nothing here.',
    numbers: [
      ['Fires above', formatLine(line)],
      ['Throughout', formatWindow(windowSeconds)],
      ['Of which seen', `at least ${String(policy.alerting.minimumSamples)} scrapes`],
    ],
    tests: testsOf(context, gauges),
  }
}

function describe(
  uuid: string,
  instance: string,
  value: string,
  { policy: { memory } }: RuleContext,
): string {
  return `GPU ${uuid} at ${instance} had at least ${value} of its memory in use for ${formatWindow(memory.windowSeconds)}: the next large batch may fail.`
}

function testsOf(context: RuleContext, gauges: MemoryGauges): readonly RuleTest[] {
  const { policy, job } = context
  const { usedRatio: line, windowSeconds } = policy.memory
  const { evaluationSeconds: stepSeconds, minimumSamples } = policy.alerting
  const instance = 'a:9464'
  const write = new SeriesWriter({ job, instance }, stepSeconds)
  const total = 1e9
  const [roomy, full] = [line / 2, (1 + line) / 2]
  const seconds = 2 * windowSeconds
  const gpu = (uuid: string, ...phases: readonly Phase[]) => [
    write.gauge(gauges.total, { gpu_uuid: uuid }, [{ seconds: 3 * seconds, value: total }]),
    write.gauge(
      gauges.used,
      { gpu_uuid: uuid },
      phases.map((phase) => ({ ...phase, value: phase.value * total })),
    ),
  ]
  const fires = (uuid: string) => ({
    labels: { job, instance, gpu_uuid: uuid },
    description: describe(uuid, instance, humanizePercentage(full), context),
  })
  return [
    {
      name: 'one of two GPUs is full: fires for that one, after the window, not before',
      series: [
        ...gpu('GPU-a', { seconds: 3 * seconds, value: roomy }),
        ...gpu('GPU-b', { seconds, value: roomy }, { seconds, value: full }),
      ],
      expect: [
        { atSeconds: seconds + windowSeconds - stepSeconds, alerts: [] },
        { atSeconds: seconds + windowSeconds + stepSeconds, alerts: [fires('GPU-b')] },
      ],
    },
    {
      name: 'a failed scrape does not start the wait again',
      series: gpu(
        'GPU-a',
        { seconds, value: full },
        { seconds: stepSeconds, value: full, unseen: true },
        { seconds: stepSeconds, value: full },
      ),
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires('GPU-a')] }],
    },
    {
      name: 'one large batch that is over again is no level',
      series: gpu(
        'GPU-a',
        { seconds, value: roomy },
        { seconds: windowSeconds / 2, value: full },
        { seconds: stepSeconds, value: roomy },
        { seconds: windowSeconds / 2, value: full },
      ),
      expect: [{ atSeconds: seconds + windowSeconds, alerts: [] }],
    },
    {
      name: 'too few samples say nothing',
      series: gpu('GPU-a', { seconds, value: full }),
      expect: [{ atSeconds: (minimumSamples - 2) * stepSeconds, alerts: [] }],
    },
  ]
}
