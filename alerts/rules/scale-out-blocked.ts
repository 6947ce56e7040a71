import type { Metric } from '../../core/metrics.ts'
import { aggregate, compare, either, filter, overTime } from '../../core/promql.ts'
import { settledUtilization } from '../../core/queries.ts'
import { formatLine, formatWindow } from '../../core/units.ts'
import { panels } from '../panels.ts'
import { SeriesWriter, type Phase } from '../series.ts'
import type { AlertRule, RuleContext, RuleDefinition, RuleTest } from './rule.ts'

type AutoscalerLabel = 'namespace' | 'horizontalpodautoscaler'
const autoscaler = ['namespace', 'horizontalpodautoscaler'] as const

/** Of kube-state-metrics 2: https://github.com/kubernetes/kube-state-metrics, docs/metrics/workload. */
function kube(name: string, help: string): Metric<AutoscalerLabel> {
  const prefix = 'kube_horizontalpodautoscaler_'
  return { name: prefix + name, kind: 'gauge', unit: '{replica}', labels: autoscaler, help }
}
const maximum = kube('spec_max_replicas', 'Replicas that the autoscaler may ask for.')
const desired = kube('status_desired_replicas', 'Replicas that it asks for.')
const current = kube('status_current_replicas', 'Replicas that there are.')

export const scaleOutBlocked: RuleDefinition = (context) => {
  const { policy, job } = context
  return {
    name: 'RerankerScaleOutBlocked',
    group: 'saturation',
    severity: 'warning',
    beyondJob: {
      metrics: [maximum, desired, current],
      why: 'only Kubernetes knows its autoscalers; kube-state-metrics tells of them under its own job',
    },
    // The query leaves namespace and autoscaler; the job says to which deployment the alert belongs.
    labels: { job },
    query: queryOf(context),
    summary: 'The autoscaler cannot add the replicas that the GPUs need.',
    description: describe(
      '{{ $labels.horizontalpodautoscaler }}',
      '{{ $labels.namespace }}',
      '{{ $value }}',
      context,
    ),
    panel: panels.replicas,
    action:
      'Raise `maxReplicas`, or find out why pods stay pending (`kubectl get events`): no GPU is free, the quota is used up, the image cannot be pulled. Until then send fewer documents a query.',
    numbers: [
      ['Asks in vain for', formatWindow(policy.scaleOutBlockedSeconds)],
      ['While the GPUs are above', formatLine(policy.scaleOut.utilizationRatio)],
    ],
    tests: testsOf(context),
  }
}

/** At its maximum, or asking for more than there are, throughout; and the GPUs of its namespace are full. */
function queryOf({ policy, job }: RuleContext): AlertRule['query'] {
  const windowSeconds = policy.scaleOutBlockedSeconds
  const over = (how: 'min' | 'max' | 'count', metric: typeof maximum) =>
    aggregate('max', autoscaler, overTime(how, metric, windowSeconds))
  const wanted = over('min', desired)
  const inVain = either(
    compare(wanted, '>=', over('max', maximum)),
    compare(wanted, '>', over('max', current)),
  )
  const known = compare(over('count', desired), '>=', policy.alerting.minimumSamples)
  const full = compare(
    settledUtilization(['namespace'], policy.scaleOut, policy, { job }),
    '>',
    policy.scaleOut.utilizationRatio,
  )
  return filter(filter(inVain, 'and', autoscaler, known), 'and', ['namespace'], full)
}

function describe(
  name: string,
  namespace: string,
  replicas: string,
  { policy: { scaleOutBlockedSeconds, scaleOut } }: RuleContext,
): string {
  return `Autoscaler ${name} in ${namespace} has asked for ${replicas} replicas for ${formatWindow(scaleOutBlockedSeconds)} and cannot get or ask for more, while the GPUs there are busy above ${formatLine(scaleOut.utilizationRatio)}.`
}

function testsOf(context: RuleContext): readonly RuleTest[] {
  const { policy, job } = context
  const { scaleOutBlockedSeconds: windowSeconds, scaleOut } = policy
  const stepSeconds = policy.alerting.evaluationSeconds
  const seconds = 2 * windowSeconds
  const names = { namespace: 'search', horizontalpodautoscaler: 'reranker' }
  const states = new SeriesWriter({ job: 'kube-state-metrics', instance: 'k:8080' }, stepSeconds)
  const replicas = (most: number, now: number, ...asked: readonly Phase[]) => [
    states.gauge(maximum, names, [{ seconds: 3 * seconds, value: most }]),
    states.gauge(current, names, [{ seconds: 3 * seconds, value: now }]),
    states.gauge(desired, names, asked),
  ]
  const gpus = (utilizationRatio: number, namespace = names.namespace) =>
    ['GPU-a', 'GPU-b'].flatMap((uuid) =>
      new SeriesWriter({ job, instance: 'a:9464', namespace }, stepSeconds).gpu(uuid, [
        { seconds: 3 * seconds, utilizationRatio },
      ]),
    )
  const full = (1 + scaleOut.utilizationRatio) / 2
  const fires = { labels: names, description: describe('reranker', 'search', '4', context) }
  const four: Phase = { seconds, value: 4 }
  const silent = { atSeconds: seconds, alerts: [] }
  return [
    {
      name: 'at its maximum, with two full GPUs: fires after the window, not before',
      series: [...gpus(full), ...replicas(4, 4, { seconds, value: 3 }, { seconds, value: 4 })],
      expect: [
        { atSeconds: seconds + windowSeconds - stepSeconds, alerts: [] },
        { atSeconds: seconds + windowSeconds + stepSeconds, alerts: [fires] },
      ],
    },
    {
      name: 'fires while it asks for replicas that do not come, through a failed scrape',
      series: [
        ...gpus(full),
        ...replicas(8, 2, four, { ...four, seconds: stepSeconds, unseen: true }, four),
      ],
      expect: [{ atSeconds: seconds + 2 * stepSeconds, alerts: [fires] }],
    },
    {
      name: 'an autoscaler that gets what it asks for is not blocked',
      series: [...gpus(full), ...replicas(8, 4, four)],
      expect: [silent],
    },
    {
      name: 'at its maximum, and the GPUs have room',
      series: [...gpus(scaleOut.utilizationRatio / 2), ...replicas(4, 4, four)],
      expect: [silent],
    },
    {
      name: "another namespace's GPUs are none of its business",
      series: [...gpus(full, 'other'), ...replicas(4, 4, four)],
      expect: [silent],
    },
  ]
}
