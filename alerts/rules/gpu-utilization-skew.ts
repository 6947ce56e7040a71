import { metrics } from '../../core/metrics.ts'
import type { Policy } from '../../core/policy.ts'
import { aggregate, arithmetic, compare } from '../../core/promql.ts'
import { settledUtilization } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { crossing, humanizePercentage, SeriesWriter, type GpuPhase } from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

/** As far apart as the lines of scaling in and out: then the mean hides a full GPU beside an idle one. */
const lineOf = ({ scaleIn, scaleOut }: Policy) =>
  Number((scaleOut.utilizationRatio - scaleIn.utilizationRatio).toPrecision(12))

export const gpuUtilizationSkew: RuleDefinition = (context) => {
  const { policy, job } = context
  const { windowSeconds } = policy.scaleIn
  const each = settledUtilization([...deployment, 'instance', 'gpu_uuid'], policy.scaleIn, policy, {
    job,
  })
  return {
    name: 'RerankerGpuUtilizationSkew',
    group: 'saturation',
    severity: 'warning',
    query: compare(
      arithmetic(aggregate('max', deployment, each), '-', aggregate('min', deployment, each)),
      '>',
      lineOf(policy),
    ),
    summary: 'The GPUs of the reranker are not equally busy.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context),
    panel: panels.spread,
    action:
      'Mend the load balancing before adding a replica: long-lived connections stick to one replica, and a GPU that no replica uses must be left out with `--gpu-devices`.',
    numbers: [
      ['Fires when two GPUs are further apart than', formatLine(lineOf(policy))],
      ['Mean over', formatWindow(windowSeconds)],
      ['Of which observed', `at least ${formatLine(policy.minimumCoverageRatio)}`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, value: string, { policy: { scaleIn } }: RuleContext): string {
  return `The busiest and the idlest GPU of ${job} were ${value} of the last ${formatWindow(scaleIn.windowSeconds)} apart: the mean hides a full GPU beside an idle one.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { windowSeconds } = policy.scaleIn
  const stepSeconds = policy.alerting.evaluationSeconds
  const line = lineOf(policy)
  const seconds = 2 * windowSeconds
  const [low, even, apart] = [(1 - line) / 4, line / 2, line + (1 - line) / 2]
  const gpu = (instance: string, uuid: string, ...phases: readonly GpuPhase[]) =>
    new SeriesWriter({ job, instance }, stepSeconds).gpu(uuid, phases)
  const change = crossing({ from: even, to: apart, line, windowSeconds, stepSeconds })
  const at = (difference: number): GpuPhase => ({ seconds, utilizationRatio: low + difference })
  const fires = {
    labels: { job },
    description: describe(job, humanizePercentage(apart), context),
  }
  const idle = gpu('a:9464', 'GPU-a', { seconds: 3 * seconds, utilizationRatio: low })
  return [
    {
      name: 'two GPUs drift apart: fires once the window says so, not before',
      series: [...idle, ...gpu('b:9464', 'GPU-b', at(even), at(apart))],
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
      ],
    },
    {
      name: 'two GPUs behind one sidecar, through a failed scrape',
      series: [
        ...idle,
        ...gpu(
          'a:9464',
          'GPU-b',
          at(apart),
          { ...at(apart), seconds: stepSeconds, unseen: true },
          at(apart),
        ),
      ],
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires] }],
    },
    {
      name: 'GPUs that are equally busy, or one alone',
      series: gpu('a:9464', 'GPU-a', at(apart)),
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: "a GPU that is another server's does not count",
      series: [
        ...idle,
        ...gpu('a:9464', 'GPU-b', at(apart)),
        ...anotherServersGpu(context, 'GPU-b', seconds),
      ],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}

function anotherServersGpu({ policy, job }: RuleContext, uuid: string, seconds: number) {
  const write = new SeriesWriter({ job, instance: 'a:9464' }, policy.alerting.evaluationSeconds)
  const labels = { gpu: '1', name: 'NVIDIA L4', driver_version: '', kind: 'nvidia' }
  return [
    write.gauge(metrics.gpuInfo, { ...labels, gpu_uuid: uuid, attribution: 'none' }, [
      { seconds, value: 1 },
    ]),
  ]
}
