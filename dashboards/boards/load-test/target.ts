import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import { histogramMean } from '../../../core/promql.ts'
import {
  durationQuantile,
  utilization as utilizationOf,
  waitingPairs,
  waitingRequests,
} from '../../../core/queries.ts'
import {
  batchThresholds,
  byGpu,
  chosen,
  chosenGpu,
  limitThresholds,
  noTraffic,
  notMeasured,
  notTold,
  utilizationThresholds,
  type Panel,
} from '../board.ts'

/** The sidecar's figures under the same marks of time. */

const window = '$__rate_interval'

export const utilization = (policy: Policy): Panel => ({
  id: 8,
  kind: 'timeseries',
  title: 'GPU utilisation by GPU',
  shows: 'Busy time over observed time, a line a GPU, on the bands of the policy.',
  whenBad:
    'Far from the top while p95 is bad: the GPU waits. Look at the batches, the tokeniser and the network.',
  opens: 'gpu',
  unit: 'percentunit',
  width: 12,
  queries: [byGpu(utilizationOf(['gpu_uuid', 'job', 'instance'], window, chosenGpu))],
  whenEmpty: notMeasured,
  thresholds: utilizationThresholds(policy),
  maximum: 1,
})

export const latencySeen = (policy: Policy): Panel => ({
  id: 9,
  kind: 'timeseries',
  title: 'p95 as the reranker sees it',
  shows: 'Quantiles of the request duration from its arrival at the reranker to its answer.',
  whenBad: 'Far under what the load generator saw: requests wait before the reranker takes them.',
  opens: 'latency',
  unit: 's',
  width: 12,
  queries: [0.5, 0.95].map((q) => ({
    query: durationQuantile(q, [], window, chosen),
    legend: `p${String(q * 100)}`,
  })),
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

export const queue: Panel = {
  id: 10,
  kind: 'timeseries',
  title: 'Queue',
  shows:
    'What was accepted and waits for the device: pairs, or requests where the server counts those.',
  whenBad: 'It does not empty between two arrivals: the offered load is over the capacity.',
  opens: 'latency',
  unit: 'short',
  width: 12,
  queries: [
    { query: waitingPairs(chosen), legend: 'pairs waiting' },
    { query: waitingRequests(chosen), legend: 'requests waiting' },
  ],
  whenEmpty: notTold,
}

export const batch = (policy: Policy): Panel => ({
  id: 11,
  kind: 'timeseries',
  title: 'Mean batch',
  shows: 'Pairs in a batch given to the device, the mean over all chosen replicas.',
  whenBad: 'Small while the queue is long: the server does not batch what waits.',
  opens: 'latency',
  unit: 'short',
  width: 12,
  queries: [{ query: histogramMean([], metrics.batchPairs, window, chosen), legend: 'pairs' }],
  whenEmpty: noTraffic,
  thresholds: batchThresholds(policy),
})
