import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import { aggregate, arithmetic } from '../../../core/promql.ts'
import { percentOf } from '../../../core/units.ts'
import { colors, gaugeByGpu, notMeasured, utilizationThresholds, type Panel } from '../board.ts'
import * as shown from '../../shown.ts'

/** How busy the GPUs are: the share of time in which at least one kernel ran. */

export const utilizationByGpu = (policy: Policy): Panel => ({
  id: 1,
  ...shown.utilizationByGpu(policy),
  title: 'Utilisation by GPU',
  whenBad:
    'Red for long: no headroom for a burst. Yellow with traffic: larger batches. Blue for long: a replica too many. It says nothing about how full the GPU was: look at power and p95 as well.',
  alerts: [
    'RerankerGpuUtilizationHigh',
    'RerankerGpuUtilizationLow',
    'RerankerGpuUtilizationWaste',
  ],
  width: 14,
})

export const bands = (policy: Policy): Panel => ({
  id: 2,
  ...shown.timeInBands(policy),
  title: 'Time in each band',
  whenBad:
    'Much blue beside much red: the load comes in bursts that a mean hides. Smooth it, or scale on the queue.',
  width: 10,
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
      query: arithmetic(
        aggregate('max', [], shown.utilizationPerGpu),
        '-',
        aggregate('min', [], shown.utilizationPerGpu),
      ),
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
