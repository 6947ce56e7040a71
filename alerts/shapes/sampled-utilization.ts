import type { Metric } from '../../core/metrics.ts'
import type { Policy } from '../../core/policy.ts'
import {
  aggregate,
  alsoIn,
  arithmetic,
  compare,
  filter,
  overTime,
  sampledMean,
  type Query,
  type ScrapeLabel,
} from '../../core/promql.ts'
import type { AlertRule, RuleContext, RuleTest } from '../rules/rule.ts'
import {
  crossing,
  humanizePercentage,
  SeriesWriter,
  type InputSeries,
  type Phase,
} from '../series.ts'
import { like } from './prose.ts'
import { filled } from './words.ts'

const deployment = ['namespace', 'job'] as const
type Deployment = (typeof deployment)[number]

/** A utilisation that is known by samples alone, and what else is known beside it. */
export interface SampledUtilization<L extends string> {
  readonly metric: Metric<L>
  /** What a full GPU is in it: 1, or 100 where it counts in percent. */
  readonly full: 1 | 100
  readonly labelsOf: (uuid: string) => Readonly<Record<L, string>>
  /** Where p95 is known: deployments over the budget, from which nobody may take a replica. */
  readonly slow?: Query<Deployment>
  /** At least the policy's requests within a window; and series of twice, or half, as many. */
  readonly traffic: (windowSeconds: number) => Query<Deployment>
  readonly trafficSeries: (write: SeriesWriter, phase: Phase) => InputSeries
}

/** The three lines of the policy, on samples: scale out, scale in, waste. */
export function sampledUtilization<L extends string>(
  context: RuleContext,
  gauge: SampledUtilization<L>,
): readonly AlertRule[] {
  return [high(context, gauge), low(context, gauge), waste(context, gauge)]
}

/** Half of the scrapes that a window should hold must have come. */
const floorOf = (windowSeconds: number, { alerting }: Policy) =>
  Math.ceil(windowSeconds / alerting.evaluationSeconds / 2)

function mean<L extends string, const B extends ScrapeLabel>(
  by: readonly B[],
  windowSeconds: number,
  { policy, job }: RuleContext,
  { metric, full }: SampledUtilization<L>,
): Query<B> {
  const where = { job } as never
  const each = alsoIn(
    sampledMean(metric, windowSeconds, where),
    compare(overTime('count', metric, windowSeconds, where), '>=', floorOf(windowSeconds, policy)),
  )
  const ratio = arithmetic(aggregate('sum', by, each), '/', aggregate('count', by, each))
  return full === 1 ? ratio : arithmetic(ratio, '/', full)
}

function high<L extends string>(context: RuleContext, gauge: SampledUtilization<L>): AlertRule {
  const base = like('RerankerGpuUtilizationHigh', context)
  const { utilizationRatio: line, windowSeconds } = context.policy.scaleOut
  const margin = Math.min(1 - line, line / 2) / 2
  return {
    ...base,
    query: compare(mean(deployment, windowSeconds, context, gauge), '>', line),
    tests: [
      ...turning(context, gauge, base.description, {
        windowSeconds,
        from: line / 2,
        to: (1 + line) / 2,
        line,
      }),
      silent(context, gauge, 'two GPUs count as their mean', windowSeconds, [
        ['a:9464', 'GPU-a', line + margin],
        ['b:9464', 'GPU-b', line - 2 * margin],
      ]),
    ],
  }
}

/** As the sidecar's rule: the load must still fit one replica less, and p95 be within its budget. */
function low<L extends string>(context: RuleContext, gauge: SampledUtilization<L>): AlertRule {
  const base = like('RerankerGpuUtilizationLow', context)
  const { scaleIn, target } = context.policy
  const { utilizationRatio: line, windowSeconds } = scaleIn
  const replicas = mean([...deployment, 'instance'], windowSeconds, context, gauge)
  const projected = arithmetic(
    aggregate('sum', deployment, replicas),
    '/',
    arithmetic(aggregate('count', deployment, replicas), '-', 1),
  )
  const few = filter(
    compare(mean(deployment, windowSeconds, context, gauge), '<', line),
    'and',
    deployment,
    compare(projected, '<=', target.utilizationRatio),
  )
  const turn = Math.min(line, target.utilizationRatio / 2)
  return {
    ...base,
    query: gauge.slow === undefined ? few : filter(few, 'unless', deployment, gauge.slow),
    tests: [
      ...turning(context, gauge, base.description, {
        windowSeconds,
        from: target.utilizationRatio,
        to: 0.75 * turn,
        line: turn,
      }),
      silent(context, gauge, 'never takes the last replica', windowSeconds, [
        ['a:9464', 'GPU-a', line / 4],
      ]),
      silent(context, gauge, 'two GPUs of one replica are one replica', windowSeconds, [
        ['a:9464', 'GPU-a', line / 4],
        ['a:9464', 'GPU-b', line / 4],
      ]),
    ],
  }
}

function waste<L extends string>(context: RuleContext, gauge: SampledUtilization<L>): AlertRule {
  const base = like('RerankerGpuUtilizationWaste', context)
  const { utilizationRatio: line, windowSeconds } = context.policy.waste
  const { policy, job } = context
  const { evaluationSeconds } = policy.alerting
  const write = new SeriesWriter({ job, instance: 'a:9464' }, evaluationSeconds)
  const requests = (times: number) =>
    gauge.trafficSeries(write, {
      seconds: 5 * windowSeconds,
      value: (times * policy.budget.minimumRequests) / windowSeconds,
    })
  const idle = silent(context, gauge, 'an idle GPU without traffic', windowSeconds, [
    ['a:9464', 'GPU-a', line / 2],
  ])
  return {
    ...base,
    query: filter(
      compare(mean(deployment, windowSeconds, context, gauge), '<', line),
      'and',
      deployment,
      gauge.traffic(windowSeconds),
    ),
    tests: [
      ...turning(context, gauge, base.description, {
        windowSeconds,
        from: (1 + line) / 2,
        to: line / 2,
        line,
      }).map((test) => ({ ...test, series: [...test.series, requests(2)] })),
      { ...idle, series: [...idle.series, requests(0.5)] },
    ],
  }
}

type Gpu = readonly [instance: string, uuid: string, ratio: number]

function series<L extends string>(
  { policy, job }: RuleContext,
  { metric, full, labelsOf }: SampledUtilization<L>,
  [instance, uuid]: readonly [string, string, ...unknown[]],
  phases: readonly Phase[],
): InputSeries {
  return new SeriesWriter({ job, instance }, policy.alerting.evaluationSeconds).gauge(
    metric,
    labelsOf(uuid),
    phases.map((phase) => ({ ...phase, value: phase.value * full })),
  )
}

function silent<L extends string>(
  context: RuleContext,
  gauge: SampledUtilization<L>,
  name: string,
  windowSeconds: number,
  gpus: readonly Gpu[],
): RuleTest {
  const seconds = 2 * windowSeconds
  return {
    name,
    series: gpus.map((gpu) => series(context, gauge, gpu, [{ seconds, value: gpu[2] }])),
    expect: [{ atSeconds: seconds, alerts: [] }],
  }
}

/** Two GPUs of two replicas that cross the line together; and a scrape that fails meanwhile. */
function turning<L extends string>(
  context: RuleContext,
  gauge: SampledUtilization<L>,
  description: string,
  turn: {
    readonly windowSeconds: number
    readonly from: number
    readonly to: number
    readonly line: number
  },
): readonly RuleTest[] {
  const { policy, job } = context
  const stepSeconds = policy.alerting.evaluationSeconds
  const seconds = 2 * turn.windowSeconds
  const change = crossing({ ...turn, stepSeconds })
  const both = (...phases: readonly Phase[]) =>
    (['a', 'b'] as const).map((name) =>
      series(context, gauge, [`${name}:9464`, `GPU-${name}`], phases),
    )
  const before = { seconds, value: turn.from }
  const after = { seconds, value: turn.to }
  const fires = {
    labels: { job },
    description: filled(description, { job }, humanizePercentage(turn.to)),
  }
  return [
    {
      name: 'fires once the window is across the line, not before',
      series: both(before, after),
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        // A window of Prometheus 2 holds one sample more, of the time before.
        { atSeconds: seconds + change.afterSeconds + stepSeconds, alerts: [{ labels: { job } }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
      ],
    },
    {
      name: 'a failed scrape does not hide it',
      series: both(after, { ...after, seconds: stepSeconds, unseen: true }, after),
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires] }],
    },
  ]
}
