import { metrics } from '../../../core/metrics.ts'
import { bandsOf, type Policy } from '../../../core/policy.ts'
import { aggregate, growth, latest } from '../../../core/promql.ts'
import {
  bandShare,
  currentQps,
  durationQuantile,
  pairsPerSecond,
  utilization,
  waitingPairs,
  waitingRequests,
} from '../../../core/queries.ts'
import { formatDuration, formatLine } from '../../../core/units.ts'
import {
  byGpu,
  chosen,
  chosenGpu,
  colors,
  gaugeByGpu,
  limitThresholds,
  noTraffic,
  notMeasured,
  notTold,
  utilizationThresholds,
  type Panel,
} from '../board.ts'

/** The same over time, and what stands behind it. */

const oneGpu = ['gpu_uuid', 'job', 'instance'] as const

export const utilizationByGpu = (policy: Policy): Panel => ({
  id: 8,
  kind: 'timeseries',
  title: 'GPU utilisation by GPU',
  shows: 'Busy time over observed time, a line a GPU, on the bands of the policy.',
  whenBad:
    'Red for long: no headroom for a burst. Blue for long: a replica too many. One line far from the others: the load balancing is uneven.',
  alerts: ['RerankerGpuUtilizationHigh', 'RerankerGpuUtilizationLow'],
  opens: 'gpu',
  unit: 'percentunit',
  width: 12,
  queries: [byGpu(utilization(oneGpu, '$__rate_interval', chosenGpu))],
  whenEmpty: notMeasured,
  thresholds: utilizationThresholds(policy),
  maximum: 1,
})

export const latency = (policy: Policy): Panel => ({
  id: 9,
  kind: 'timeseries',
  title: 'Request duration',
  shows: 'Quantiles of the request duration over all chosen replicas, from the histogram.',
  whenBad: `p95 in the red (over ${formatDuration(policy.p95Seconds)}): compare with the queue and the utilisation at the same time.`,
  alerts: ['RerankerLatencyBudgetExceeded'],
  opens: 'latency',
  unit: 's',
  width: 12,
  queries: [0.5, 0.95, 0.99].map((q) => ({
    query: durationQuantile(q, [], '$__rate_interval', chosen),
    legend: `p${String(q * 100)}`,
  })),
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

export const traffic: Panel = {
  id: 10,
  kind: 'timeseries',
  title: 'Queries and pairs',
  shows: 'Queries and query-document pairs a second, all chosen targets together.',
  whenBad: 'A fall in both: callers or network. Pairs alone: other sizes of query.',
  unit: 'cps',
  width: 8,
  queries: [
    { query: currentQps(chosen), legend: 'queries/s' },
    { query: pairsPerSecond('$__rate_interval', chosen), legend: 'pairs/s' },
  ],
  whenEmpty: noTraffic,
}

export const errorsByClass: Panel = {
  id: 11,
  kind: 'timeseries',
  title: 'Errors by class',
  shows: 'Requests a second that were not answered with scores, by class.',
  whenBad:
    '`overloaded`: add replicas or send fewer documents. `backend`: read the log of the server. The others come from the callers.',
  opens: 'latency',
  unit: 'reqps',
  width: 8,
  queries: [
    {
      query: aggregate(
        'sum',
        ['class'],
        growth('rate', metrics.errors, '$__rate_interval', chosen),
      ),
      legend: '{{class}}',
    },
  ],
  whenEmpty: noTraffic,
}

export const bands = (policy: Policy): Panel => ({
  id: 12,
  kind: 'timeseries',
  title: 'Time in each utilisation band',
  shows: 'The share of observed time that the chosen GPUs spent in each band of the policy.',
  whenBad:
    'Much blue beside much red: the load comes in bursts that a mean hides. Smooth it, or scale on the queue.',
  alerts: ['RerankerGpuUtilizationWaste'],
  opens: 'gpu',
  unit: 'percentunit',
  width: 8,
  queries: [{ query: bandShare('$__rate_interval', chosenGpu), legend: '{{band}}' }],
  whenEmpty: notMeasured,
  maximum: 1,
  stacked: true,
  series: bandsOf(policy).map(({ name, fromRatio, toRatio }, at) => ({
    name,
    shownAs: `${formatLine(fromRatio)} to ${formatLine(toRatio)}`,
    color: utilizationThresholds(policy)[at]?.color ?? colors.neutral,
  })),
})

export const memory: Panel = {
  id: 13,
  kind: 'timeseries',
  title: 'GPU memory',
  shows: 'GPU memory in use and installed.',
  whenBad:
    'Near the installed amount: the next large batch may fail. Lower the token budget of a batch. Memory never says to scale in: servers keep what they once took.',
  opens: 'gpu',
  unit: 'bytes',
  width: 8,
  queries: [
    gaugeByGpu(metrics.gpuMemoryUsedBytes, 'used · '),
    gaugeByGpu(metrics.gpuMemoryTotalBytes, 'installed · '),
  ],
  whenEmpty: notMeasured,
}

export const queueOverTime: Panel = {
  id: 14,
  kind: 'timeseries',
  title: 'Queue and requests in flight',
  shows: 'Pairs or requests that wait for the device, and requests accepted and not yet answered.',
  whenBad: 'A queue that never empties means that replicas are missing, whatever the utilisation.',
  alerts: ['RerankerQueueSaturated'],
  opens: 'latency',
  unit: 'short',
  width: 8,
  queries: [
    { query: waitingPairs(chosen), legend: 'pairs waiting' },
    { query: waitingRequests(chosen), legend: 'requests waiting' },
    {
      query: aggregate('sum', [], latest(metrics.inFlightRequests, chosen)),
      legend: 'requests in flight',
    },
  ],
  whenEmpty: notTold,
}

export const sources: Panel = {
  id: 15,
  kind: 'state-timeline',
  title: 'Source health',
  shows: 'Whether each source of each sidecar gives fresh values.',
  whenBad:
    "Down: what the source feeds is missing from this board, not zero. The sidecar's /status says why.",
  alerts: ['RerankscopeSourceDown'],
  opens: 'gpu',
  unit: 'short',
  width: 8,
  queries: [{ query: latest(metrics.sourceUp, chosen), legend: '{{source}} · {{instance}}' }],
  whenEmpty: 'no sidecar',
  values: [
    { value: 1, text: 'up', color: colors.good },
    { value: 0, text: 'down', color: colors.bad },
  ],
}
