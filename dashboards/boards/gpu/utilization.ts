import { metrics } from '../../../core/metrics.ts'
import { bandsOf, type Policy } from '../../../core/policy.ts'
import { aggregate, arithmetic } from '../../../core/promql.ts'
import { bandShare, utilization } from '../../../core/queries.ts'
import { formatLine, percentOf } from '../../../core/units.ts'
import {
  byGpu,
  chosenGpu,
  colors,
  gaugeByGpu,
  notMeasured,
  utilizationThresholds,
  type Panel,
} from '../board.ts'

/** How busy the GPUs are: the share of time in which at least one kernel ran. */

const oneGpu = ['gpu_uuid', 'job', 'instance'] as const
const window = '$__rate_interval'

export const utilizationByGpu = (policy: Policy): Panel => ({
  id: 1,
  kind: 'timeseries',
  title: 'Utilisation by GPU',
  shows: 'Busy time over observed time, a line a GPU, on the bands of the policy.',
  whenBad:
    'Red for long: no headroom for a burst. Yellow with traffic: larger batches. Blue for long: a replica too many. It says nothing about how full the GPU was: look at power and p95 as well.',
  alerts: [
    'RerankerGpuUtilizationHigh',
    'RerankerGpuUtilizationLow',
    'RerankerGpuUtilizationWaste',
  ],
  unit: 'percentunit',
  width: 14,
  queries: [byGpu(utilization(oneGpu, window, chosenGpu))],
  whenEmpty: notMeasured,
  thresholds: utilizationThresholds(policy),
  maximum: 1,
})

export const bands = (policy: Policy): Panel => ({
  id: 2,
  kind: 'timeseries',
  title: 'Time in each band',
  shows: 'The share of observed time that the chosen GPUs spent in each band of the policy.',
  whenBad:
    'Much blue beside much red: the load comes in bursts that a mean hides. Smooth it, or scale on the queue.',
  unit: 'percentunit',
  width: 10,
  queries: [{ query: bandShare(window, chosenGpu), legend: '{{band}}' }],
  whenEmpty: notMeasured,
  maximum: 1,
  stacked: true,
  series: bandsOf(policy).map(({ name, fromRatio, toRatio }, at) => ({
    name,
    shownAs: `${formatLine(fromRatio)} to ${formatLine(toRatio)}`,
    color: utilizationThresholds(policy)[at]?.color ?? colors.neutral,
  })),
})

export const byNvidiaSmi = (policy: Policy): Panel => ({
  id: 3,
  kind: 'timeseries',
  title: 'As nvidia-smi says it',
  shows: 'The latest sample of each GPU, in percent, under the name that people know it by.',
  whenBad:
    'Between two scrapes it misses what it did not sample. For a mean take "Utilisation by GPU", which counts all the time between.',
  unit: 'percent',
  width: 10,
  queries: [gaugeByGpu(metrics.gpuUtilization)],
  whenEmpty: notMeasured,
  thresholds: utilizationThresholds(policy).map(({ from, color }) => ({
    from: from === undefined ? undefined : percentOf(from),
    color,
  })),
  maximum: 100,
})

const perGpu = utilization(oneGpu, window, chosenGpu)

export const spread: Panel = {
  id: 4,
  kind: 'timeseries',
  title: 'Spread between GPUs',
  shows: 'How far the busiest chosen GPU is above the idlest.',
  whenBad:
    'Large: the load balancer sends to some and not to others, and a mean over all hides the full one. Balance by requests in flight.',
  alerts: ['RerankerGpuUtilizationSkew'],
  unit: 'percentunit',
  width: 7,
  queries: [
    {
      query: arithmetic(aggregate('max', [], perGpu), '-', aggregate('min', [], perGpu)),
      legend: 'busiest minus idlest',
    },
  ],
  whenEmpty: notMeasured,
  maximum: 1,
}

export const measurable: Panel = {
  id: 5,
  kind: 'state-timeline',
  title: 'Is it measurable?',
  shows: 'Whether the driver reports utilisation for each GPU.',
  whenBad:
    'Not under MIG and on some virtual GPUs: there, scale on the queue and p95, and read "not measured" as unknown, never as idle.',
  unit: 'short',
  width: 7,
  queries: [gaugeByGpu(metrics.gpuUtilizationMeasurable)],
  whenEmpty: 'no GPU',
  values: [
    { value: 1, text: 'measured', color: colors.good },
    { value: 0, text: 'not measurable', color: colors.blind },
  ],
}
