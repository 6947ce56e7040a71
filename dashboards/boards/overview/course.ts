import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import { aggregate, growth, latest } from '../../../core/promql.ts'
import { currentQps, pairsPerSecond } from '../../../core/queries.ts'
import { formatDuration } from '../../../core/units.ts'
import { chosen, colors, gaugeByGpu, noTraffic, notMeasured, type Panel } from '../board.ts'
import * as shown from '../../shown.ts'

/** The same over time, and what stands behind it. */

export const utilizationByGpu = (policy: Policy): Panel => ({
  id: 8,
  ...shown.utilizationByGpu(policy),
  title: 'GPU utilisation by GPU',
  whenBad:
    'Red for long: no headroom for a burst. Blue for long: a replica too many. One line far from the others: the load balancing is uneven.',
  alerts: ['RerankerGpuUtilizationHigh', 'RerankerGpuUtilizationLow'],
  opens: 'gpu',
  width: 12,
})

export const latency = (policy: Policy): Panel => ({
  id: 9,
  ...shown.requestDurations(policy, [0.5, 0.95, 0.99]),
  title: 'Request duration',
  whenBad: `p95 in the red (over ${formatDuration(policy.p95Seconds)}): compare with the queue and the utilisation at the same time.`,
  alerts: ['RerankerLatencyBudgetExceeded'],
  opens: 'latency',
  width: 12,
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
  ...shown.timeInBands(policy),
  title: 'Time in each utilisation band',
  whenBad:
    'Much blue beside much red: the load comes in bursts that a mean hides. Smooth it, or scale on the queue.',
  alerts: ['RerankerGpuUtilizationWaste'],
  opens: 'gpu',
  width: 8,
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
  ...shown.queueOverTime,
  title: 'Queue and requests in flight',
  shows: 'Pairs or requests that wait for the device, and requests accepted and not yet answered.',
  whenBad: 'A queue that never empties means that replicas are missing, whatever the utilisation.',
  alerts: ['RerankerQueueSaturated'],
  opens: 'latency',
  width: 8,
  queries: [
    ...shown.queueOverTime.queries,
    {
      query: aggregate('sum', [], latest(metrics.inFlightRequests, chosen)),
      legend: 'requests in flight',
    },
  ],
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
