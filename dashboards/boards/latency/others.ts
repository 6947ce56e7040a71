import { metrics } from '../../../core/metrics.ts'
import { aggregate, growth, histogramQuantile, latest } from '../../../core/promql.ts'
import { chosen, noTraffic, type Panel } from '../board.ts'

/** What only some servers, or the sidecar's proxy, can tell. */

export const shapes: Panel = {
  id: 20,
  kind: 'timeseries',
  title: 'p95 by number of documents',
  shows:
    'The 95th percentile of the request duration, by the range that the number of documents falls into.',
  whenBad: 'Only the large ones are slow: the size is the reason, not the load.',
  unit: 's',
  width: 6,
  queries: [
    {
      query: histogramQuantile(
        0.95,
        ['documents'],
        metrics.shapeDuration,
        '$__rate_interval',
        chosen,
      ),
      legend: '{{documents}} documents',
    },
  ],
  whenEmpty: 'no proxy',
}

export const pairDuration: Panel = {
  id: 21,
  kind: 'timeseries',
  title: 'Duration of one pair',
  shows:
    'Quantiles of the time from the arrival of one pair to its score. A request takes as long as its slowest pair.',
  whenBad: 'p95 far over the middle: pairs of one request are spread over several batches.',
  unit: 's',
  width: 6,
  queries: [0.5, 0.95].map((q) => ({
    query: histogramQuantile(q, [], metrics.pairDuration, '$__rate_interval', chosen),
    legend: `p${String(q * 100)}`,
  })),
  whenEmpty: noTraffic,
}

export const clients: Panel = {
  id: 22,
  kind: 'timeseries',
  title: 'Clients of the proxy',
  shows: 'Connections of clients that each proxy holds.',
  whenBad: 'Far more than callers: they open a connection a request. Let them keep connections.',
  unit: 'short',
  width: 6,
  queries: [{ query: latest(metrics.proxyConnections, chosen), legend: '{{instance}}' }],
  whenEmpty: 'no proxy',
}

export const unread: Panel = {
  id: 23,
  kind: 'timeseries',
  title: 'Passed without being counted',
  shows: 'What passed the proxies a second without being counted in full, by what it was.',
  whenBad:
    'Requests in no known format: their figures are missing from every board. Another protocol: health checks, mostly.',
  unit: 'cps',
  width: 6,
  queries: [
    {
      query: aggregate(
        'sum',
        ['what'],
        growth('rate', metrics.proxyUnread, '$__rate_interval', chosen),
      ),
      legend: '{{what}}',
    },
  ],
  whenEmpty: 'no proxy',
}
