import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import {
  aggregate,
  arithmetic,
  growth,
  histogramBuckets,
  histogramMean,
  histogramQuantile,
} from '../../../core/promql.ts'
import { pairsPerSecond } from '../../../core/queries.ts'
import { batchThresholds, chosen, noTraffic, type Panel } from '../board.ts'

/** What requests are made of, and what the device gets of them at a time. */

export const meanBatch = (policy: Policy): Panel => ({
  id: 10,
  kind: 'timeseries',
  title: 'Mean batch',
  shows: `Pairs in a batch given to the device, the mean over all chosen replicas. The policy's band is ${String(policy.batchPairs.minimum)} to ${String(policy.batchPairs.maximum)}.`,
  whenBad:
    'Under the band with traffic: let the server wait a few milliseconds for more pairs. Over it with a bad p95: lower the token budget of a batch.',
  alerts: ['RerankerBatchOutsideBand', 'RerankerGpuUtilizationWaste'],
  unit: 'short',
  width: 8,
  queries: [
    { query: histogramMean([], metrics.batchPairs, '$__rate_interval', chosen), legend: 'pairs' },
  ],
  whenEmpty: noTraffic,
  thresholds: batchThresholds(policy),
})

export const batchSizes: Panel = {
  id: 11,
  kind: 'heatmap',
  title: 'Batch sizes',
  shows: 'How many batches a second held how many pairs.',
  whenBad: 'Most in the lowest row: pairs reach the device one by one, however busy it looks.',
  unit: 'short',
  width: 8,
  queries: [
    { query: histogramBuckets(metrics.batchPairs, '$__rate_interval', chosen), legend: '{{le}}' },
  ],
  whenEmpty: noTraffic,
}

export const padding: Panel = {
  id: 12,
  kind: 'timeseries',
  title: 'Padding',
  shows:
    'The share of a batch that is padding, computed and thrown away: the middle batch and the worst twentieth.',
  whenBad:
    'High: long and short documents share batches. Let the server order by length, or cut documents to one length.',
  unit: 'percentunit',
  width: 8,
  queries: [0.5, 0.95].map((q) => ({
    query: histogramQuantile(q, [], metrics.paddingRatio, '$__rate_interval', chosen),
    legend: `p${String(q * 100)}`,
  })),
  whenEmpty: noTraffic,
  maximum: 1,
}

export const documents: Panel = {
  id: 13,
  kind: 'timeseries',
  title: 'Documents in a query',
  shows: 'How many documents callers send with a query: the middle one and the largest twentieth.',
  whenBad: 'Rising: each query is more work. Cap the documents before you add replicas.',
  unit: 'short',
  width: 8,
  queries: [0.5, 0.95].map((q) => ({
    query: histogramQuantile(q, [], metrics.documentsPerQuery, '$__rate_interval', chosen),
    legend: `p${String(q * 100)}`,
  })),
  whenEmpty: noTraffic,
}

export const tokens: Panel = {
  id: 14,
  kind: 'timeseries',
  title: 'Tokens in a pair',
  shows: 'Tokens scored for each pair, padding not counted: how much work a pair is.',
  whenBad: 'Rising: documents grow longer. p95 follows; shorten them or lower the maximum length.',
  unit: 'short',
  width: 8,
  queries: [
    {
      query: arithmetic(
        aggregate('sum', [], growth('rate', metrics.tokens, '$__rate_interval', chosen)),
        '/',
        pairsPerSecond('$__rate_interval', chosen),
      ),
      legend: 'tokens a pair',
    },
  ],
  whenEmpty: noTraffic,
}

export const truncated: Panel = {
  id: 15,
  kind: 'timeseries',
  title: 'Truncated pairs',
  shows: 'The share of pairs that were cut to the maximum length: what was cut off was not scored.',
  whenBad: 'High: scores stand on the beginnings of documents alone. Send passages, not pages.',
  unit: 'percentunit',
  width: 8,
  queries: [
    {
      query: arithmetic(
        aggregate('sum', [], growth('rate', metrics.truncatedPairs, '$__rate_interval', chosen)),
        '/',
        pairsPerSecond('$__rate_interval', chosen),
      ),
      legend: 'truncated',
    },
  ],
  whenEmpty: noTraffic,
  maximum: 1,
}
