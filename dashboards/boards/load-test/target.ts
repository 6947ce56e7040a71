import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import { histogramMean } from '../../../core/promql.ts'
import { batchThresholds, chosen, noTraffic, type Panel } from '../board.ts'
import * as shown from '../../shown.ts'

/** The sidecar's figures under the same marks of time. */

export const utilization = (policy: Policy): Panel => ({
  id: 8,
  ...shown.utilizationByGpu(policy),
  title: 'GPU utilisation by GPU',
  whenBad:
    'Far from the top while p95 is bad: the GPU waits. Look at the batches, the tokeniser and the network.',
  opens: 'gpu',
  width: 12,
})

export const latencySeen = (policy: Policy): Panel => ({
  id: 9,
  ...shown.requestDurations(policy, [0.5, 0.95]),
  title: 'p95 as the reranker sees it',
  shows: 'Quantiles of the request duration from its arrival at the reranker to its answer.',
  whenBad: 'Far under what the load generator saw: requests wait before the reranker takes them.',
  opens: 'latency',
  width: 12,
})

export const queue: Panel = {
  id: 10,
  ...shown.queueOverTime,
  title: 'Queue',
  whenBad: 'It does not empty between two arrivals: the offered load is over the capacity.',
  opens: 'latency',
  width: 12,
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
  queries: [
    { query: histogramMean([], metrics.batchPairs, '$__rate_interval', chosen), legend: 'pairs' },
  ],
  whenEmpty: noTraffic,
  thresholds: batchThresholds(policy),
})
