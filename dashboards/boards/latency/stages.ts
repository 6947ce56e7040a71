import { metrics } from '../../../core/metrics.ts'
import { aggregate, histogramQuantile, latest } from '../../../core/promql.ts'
import { queuePerCompute } from '../../../core/queries.ts'
import { chosen, limitThresholds, noTraffic, notTold, type Panel } from '../board.ts'
import * as shown from '../../shown.ts'

/** What happens between a request and its answer. */

export const stages: Panel = {
  id: 6,
  kind: 'timeseries',
  title: 'p95 by stage',
  shows:
    'The 95th percentile of what each stage takes: tokenise and queue a request, infer a batch.',
  whenBad:
    '`queue` is the highest: add a replica, or send fewer documents a query. `infer`: smaller batches or a faster device. `tokenise`: more CPU.',
  unit: 's',
  width: 8,
  queries: [
    {
      query: histogramQuantile(0.95, ['stage'], metrics.stageDuration, '$__rate_interval', chosen),
      legend: '{{stage}}',
    },
  ],
  whenEmpty: noTraffic,
}

export const waiting: Panel = {
  id: 7,
  kind: 'timeseries',
  title: 'Waiting, in batches',
  shows:
    'How long a request waits in the queue, in the time that a batch takes to compute: the mean of both.',
  whenBad:
    'Over 1, requests wait for more than the batch before theirs. Rising while the utilisation stays: the load comes in bursts, and replicas are missing at their peaks.',
  alerts: ['RerankerQueueSaturated'],
  unit: 'short',
  width: 5,
  queries: [
    { query: queuePerCompute([], '$__rate_interval', chosen), legend: 'queue per compute' },
  ],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(1),
}

export const queue: Panel = {
  id: 8,
  ...shown.queueOverTime,
  title: 'Queue',
  whenBad: 'A queue that never empties means that replicas are missing, whatever the utilisation.',
  width: 5,
}

export const inFlight: Panel = {
  id: 9,
  kind: 'timeseries',
  title: 'In flight',
  shows:
    'Requests accepted and not yet answered, and pairs being computed where the server counts those.',
  whenBad:
    'Steadily rising: callers ask faster than they are answered, and each waits longer than the one before.',
  unit: 'short',
  width: 6,
  queries: [
    {
      query: aggregate('sum', [], latest(metrics.inFlightRequests, chosen)),
      legend: 'requests',
    },
    { query: aggregate('sum', [], latest(metrics.inFlightPairs, chosen)), legend: 'pairs' },
  ],
  whenEmpty: notTold,
}
