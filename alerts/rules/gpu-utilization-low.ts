import { metrics } from '../../core/metrics.ts'
import { aggregate, arithmetic, compare, filter } from '../../core/promql.ts'
import { settledUtilization, worstP95 } from '../../core/queries.ts'
import { formatDuration, formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { crossing, humanizePercentage, SeriesWriter } from '../series.ts'
import type { AlertRule, RuleContext, RuleDefinition, RuleTest } from './rule.ts'

const deployment = ['namespace', 'job'] as const

export const gpuUtilizationLow: RuleDefinition = (context) => {
  const { policy } = context
  const { utilizationRatio: line, windowSeconds } = policy.scaleIn
  return {
    name: 'RerankerGpuUtilizationLow',
    group: 'capacity',
    severity: 'info',
    query: queryOf(context),
    summary: 'The reranker would do with one replica less.',
    description: describe('{{ $labels.job }}', '{{ $value | humanizePercentage }}', context),
    panel: panels.projection,
    action: 'Remove a replica, or share the GPUs with another model.',
    numbers: [
      ['Fires below', formatLine(line)],
      ['Mean over', formatWindow(windowSeconds)],
      ['Of which observed', `at least ${formatLine(policy.minimumCoverageRatio)}`],
      ['With one replica less, at most', formatLine(policy.target.utilizationRatio)],
      ['And p95 at most', formatDuration(policy.p95Seconds)],
    ],
    tests: testsOf(context),
  }
}

/**
 * Below the line, and the load would still fit one replica less. Without that guard two replicas at
 * 39 % would become one at 78 % and the next advice would be to scale out again; with a single
 * replica the divisor is 0 and nothing fits. A p95 over its budget means that the time is lost
 * elsewhere (tokeniser, queue), and a replica less would make it worse.
 */
function queryOf({ policy, job }: RuleContext): AlertRule['query'] {
  const settled = <const B extends 'namespace' | 'job' | 'instance'>(by: readonly B[]) =>
    settledUtilization(by, policy.scaleIn, policy, { job })
  const replicas = settled([...deployment, 'instance'])
  const projected = arithmetic(
    aggregate('sum', deployment, replicas),
    '/',
    arithmetic(aggregate('count', deployment, replicas), '-', 1),
  )
  const low = compare(settled(deployment), '<', policy.scaleIn.utilizationRatio)
  const fits = compare(projected, '<=', policy.target.utilizationRatio)
  const slow = compare(worstP95(deployment, { job }), '>', policy.p95Seconds)
  return filter(filter(low, 'and', deployment, fits), 'unless', deployment, slow)
}

function describe(job: string, value: string, { policy: { scaleIn, target } }: RuleContext) {
  return `The GPUs of ${job} were busy for ${value} of the last ${formatWindow(scaleIn.windowSeconds)}, under the ${formatLine(scaleIn.utilizationRatio)} line, and one replica less would stay within ${formatLine(target.utilizationRatio)}.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy } = context
  const { utilizationRatio: line, windowSeconds } = policy.scaleIn
  const target = policy.target.utilizationRatio
  const stepSeconds = policy.alerting.evaluationSeconds
  const seconds = 2 * windowSeconds
  // Two replicas at this level fit into one.
  const low = 0.75 * Math.min(line, target / 2)
  const { first, both, fires } = fleet(context, low)
  // Whichever comes later: under the line, or little enough for one replica.
  const turn = Math.min(line, target / 2)
  const change = crossing({ from: target, to: low, line: turn, windowSeconds, stepSeconds })
  const quiet = both({ seconds, utilizationRatio: low })
  const p95 = (value: number) =>
    first.gauge(metrics.p95Latency, { target: 'http://reranker' }, [{ seconds, value }])
  return [
    {
      name: 'fires once the window is under the line, not before, and through a failed scrape',
      series: both(
        { seconds, utilizationRatio: target },
        { seconds, utilizationRatio: low },
        { seconds: stepSeconds, utilizationRatio: low, unseen: true },
        { seconds: stepSeconds, utilizationRatio: low },
      ),
      expect: [
        { atSeconds: seconds + change.beforeSeconds, alerts: [] },
        { atSeconds: seconds + change.afterSeconds, alerts: [{ labels: fires.labels }] },
        { atSeconds: 2 * seconds, alerts: [fires] },
        { atSeconds: 2 * seconds + 2 * stepSeconds, alerts: [fires] },
      ],
    },
    {
      name: 'a p95 within its budget does not matter',
      series: [...quiet, p95(policy.p95Seconds / 2)],
      expect: [{ atSeconds: seconds, alerts: [fires] }],
    },
    {
      name: 'a p95 over its budget forbids it: the time is lost elsewhere',
      series: [...quiet, p95(policy.p95Seconds * 2)],
      expect: [{ atSeconds: seconds, alerts: [] }],
    },
    ...guardTests(context, low),
  ]
}

/** Where taking a replica away would be wrong although the line is crossed. */
function guardTests(context: RuleContext, low: number): readonly RuleTest[] {
  const { scaleIn, target } = context.policy
  const seconds = 2 * scaleIn.windowSeconds
  const { first, second, both } = fleet(context, low)
  const idle = { seconds, utilizationRatio: low }
  // Below the line, but too much for one: exists unless the target is twice the line or more.
  const tight = (scaleIn.utilizationRatio + target.utilizationRatio / 2) / 2
  const cases: Readonly<Record<string, RuleTest['series']>> = {
    'never takes the last replica': first.gpu('GPU-a', [idle]),
    'two GPUs behind one sidecar are one replica': [
      ...first.gpu('GPU-a', [idle]),
      ...first.gpu('GPU-b', [idle]),
    ],
    'an unwatched GPU is not an idle one': [
      ...first.gpu('GPU-a', [idle]),
      ...second.gpu('GPU-b', [{ ...idle, observed: false }]),
    ],
    ...(tight < scaleIn.utilizationRatio && {
      'under the line, but too much for one replica less': both({
        seconds,
        utilizationRatio: tight,
      }),
    }),
  }
  return Object.entries(cases).map(([name, series]) => ({
    name,
    series,
    expect: [{ atSeconds: seconds, alerts: [] }],
  }))
}

/** Two replicas with one GPU each, and the alert when both run at `ratio`. */
function fleet(context: RuleContext, ratio: number) {
  const { policy, job } = context
  const replica = (instance: string) =>
    new SeriesWriter({ job, instance }, policy.alerting.evaluationSeconds)
  const [first, second] = [replica('a:9464'), replica('b:9464')]
  return {
    first,
    second,
    both: (...phases: Parameters<SeriesWriter['gpu']>[1]) => [
      ...first.gpu('GPU-a', phases),
      ...second.gpu('GPU-b', phases),
    ],
    fires: {
      labels: { job },
      description: describe(job, humanizePercentage(ratio), context),
    },
  }
}
