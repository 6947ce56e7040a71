import { metrics } from '../../core/metrics.ts'
import { compare, filter } from '../../core/promql.ts'
import { settledUtilization, slowRequests } from '../../core/queries.ts'
import { formatDuration, formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import {
  bucketBeside,
  crossing,
  humanizePercentage,
  SeriesWriter,
  type GpuPhase,
} from '../series.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

/** The waste line over the window of scaling in: half an hour is long for somebody who waits. */
const lineOf = ({ policy: { waste, scaleIn } }: RuleContext) => ({
  utilizationRatio: waste.utilizationRatio,
  windowSeconds: scaleIn.windowSeconds,
})

export const slowWhileGpuIdle: RuleDefinition = (context) => {
  const { policy, job } = context
  const line = lineOf(context)
  return {
    name: 'RerankerSlowWhileGpuIdle',
    group: 'capacity',
    severity: 'info',
    query: filter(
      compare(settledUtilization(deployment, line, policy, { job }), '<', line.utilizationRatio),
      'and',
      deployment,
      slowRequests(deployment, policy, { job }),
    ),
    summary: 'Requests are slow although the GPUs have time: it is lost elsewhere.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context),
    panel: panels.stages,
    action:
      'Look at `reranker_stage_duration_seconds`: tokenising wants CPUs or more workers, queueing larger batches, computing alone fewer documents. Do not remove a replica.',
    numbers: [
      ['Utilisation below', formatLine(line.utilizationRatio)],
      ['Mean over', formatWindow(line.windowSeconds)],
      ['And p95 above', formatDuration(policy.p95Seconds)],
      ['With at least', `${String(policy.budget.minimumRequests)} requests`],
    ],
    tests: testsOf(context),
  }
}

function describe(job: string, value: string, context: RuleContext): string {
  const { windowSeconds } = lineOf(context)
  return `The GPUs of ${job} were busy for only ${value} of the last ${formatWindow(windowSeconds)}, and p95 was above ${formatDuration(context.policy.p95Seconds)}.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { utilizationRatio: line, windowSeconds } = lineOf(context)
  const stepSeconds = policy.alerting.evaluationSeconds
  const write = new SeriesWriter({ job, instance: 'a:9464' }, stepSeconds)
  const seconds = 2 * Math.max(windowSeconds, policy.budget.windowSeconds)
  const [busy, idle] = [(1 + line) / 2, line / 2]
  const change = crossing({ from: busy, to: idle, line, windowSeconds, stepSeconds })
  const gpus = (...phases: readonly GpuPhase[]) =>
    ['GPU-a', 'GPU-b'].flatMap((uuid) => write.gpu(uuid, phases))
  const at = (utilizationRatio: number): GpuPhase => ({ seconds, utilizationRatio })
  const answered = (side: 'above' | 'below', perWindow = 2 * policy.budget.minimumRequests) =>
    write.histogram(
      metrics.requestDuration,
      {},
      bucketBeside(metrics.requestDuration, side, policy.p95Seconds),
      [{ seconds: 3 * seconds, value: perWindow / policy.budget.windowSeconds }],
    )
  const fires = {
    labels: { job },
    description: describe(job, humanizePercentage(idle), context),
  }
  return [
    {
      name: 'two GPUs, slow requests: fires once the window is under the line, not before',
      series: [...gpus(at(busy), at(idle)), ...answered('above')],
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: [
        ...gpus(at(idle), { ...at(idle), seconds: stepSeconds, unseen: true }, at(idle)),
        ...answered('above'),
      ],
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires] }],
    },
    {
      name: 'idle and fast is well',
      series: [...gpus(at(idle)), ...answered('below')],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'slow and busy is saturation, not this',
      series: [...gpus(at(busy)), ...answered('above')],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    {
      name: 'a few slow requests prove nothing',
      series: [...gpus(at(idle)), ...answered('above', policy.budget.minimumRequests / 2)],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
  ]
}
