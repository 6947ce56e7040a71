import { bandsOf, type Policy } from '../core/policy.ts'
import {
  bandShare,
  durationQuantile,
  utilization,
  waitingPairs,
  waitingRequests,
} from '../core/queries.ts'
import { formatLine } from '../core/units.ts'
import {
  byGpu,
  chosen,
  chosenGpu,
  colors,
  limitThresholds,
  noTraffic,
  notMeasured,
  notTold,
  utilizationThresholds,
  type Panel,
} from './boards/board.ts'

/**
 * What more than one board shows over time: the same figure is asked for and drawn in the same way
 * everywhere. Its title, its place, and what to do when it looks bad are the board's own.
 */
type Shown = Omit<Panel, 'id' | 'title' | 'whenBad' | 'width'>

const window = '$__rate_interval'

export const utilizationPerGpu = utilization(['gpu_uuid', 'job', 'instance'], window, chosenGpu)

export const utilizationByGpu = (policy: Policy) =>
  ({
    kind: 'timeseries',
    shows: 'Busy time over observed time, a line a GPU, on the bands of the policy.',
    unit: 'percentunit',
    queries: [byGpu(utilizationPerGpu)],
    whenEmpty: notMeasured,
    thresholds: utilizationThresholds(policy),
    maximum: 1,
  }) satisfies Shown

export const timeInBands = (policy: Policy) =>
  ({
    kind: 'timeseries',
    shows: 'The share of observed time that the chosen GPUs spent in each band of the policy.',
    unit: 'percentunit',
    queries: [{ query: bandShare(window, chosenGpu), legend: '{{band}}' }],
    whenEmpty: notMeasured,
    maximum: 1,
    stacked: true,
    series: bandsOf(policy).map(({ name, fromRatio, toRatio }, at) => ({
      name,
      shownAs: `${formatLine(fromRatio)} to ${formatLine(toRatio)}`,
      color: utilizationThresholds(policy)[at]?.color ?? colors.neutral,
    })),
  }) satisfies Shown

export const requestDurations = (policy: Policy, quantiles: readonly number[]) =>
  ({
    kind: 'timeseries',
    shows: 'Quantiles of the request duration over all chosen replicas, from the histogram.',
    unit: 's',
    queries: quantiles.map((q) => ({
      query: durationQuantile(q, [], window, chosen),
      legend: `p${String(q * 100)}`,
    })),
    whenEmpty: noTraffic,
    thresholds: limitThresholds(policy.p95Seconds),
  }) satisfies Shown

export const queueOverTime = {
  kind: 'timeseries',
  shows:
    'What was accepted and waits for the device: pairs, or requests where the server counts those.',
  unit: 'short',
  queries: [
    { query: waitingPairs(chosen), legend: 'pairs waiting' },
    { query: waitingRequests(chosen), legend: 'requests waiting' },
  ],
  whenEmpty: notTold,
} satisfies Shown
