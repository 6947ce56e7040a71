import { metrics } from '../../../core/metrics.ts'
import { aggregate, arithmetic, growth, type Query } from '../../../core/promql.ts'
import { chosen, noTraffic, type Panel } from '../board.ts'

/** What became of requests and pairs. */

const window = '$__rate_interval'

export const requests: Panel = {
  id: 16,
  kind: 'timeseries',
  title: 'Requests and queries',
  shows:
    'Requests answered a second with whatever outcome, and the queries in them where a request can hold several.',
  whenBad: 'A fall while callers are well: look at the errors beside this.',
  unit: 'reqps',
  width: 6,
  queries: [
    {
      query: aggregate('sum', [], growth('rate', metrics.requests, window, chosen)),
      legend: 'requests/s',
    },
    {
      query: aggregate('sum', [], growth('rate', metrics.queries, window, chosen)),
      legend: 'queries/s',
    },
  ],
  whenEmpty: noTraffic,
}

export const errorsByClass: Panel = {
  id: 17,
  kind: 'timeseries',
  title: 'Errors by class',
  shows: 'Requests a second that were not answered with scores, by class.',
  whenBad:
    '`overloaded`: add replicas or send fewer documents. `backend`: read the log of the server. The others come from the callers.',
  alerts: ['RerankerErrorBudgetExceeded', 'RerankerErrorBudgetBurn'],
  unit: 'reqps',
  width: 6,
  queries: [
    {
      query: aggregate('sum', ['class'], growth('rate', metrics.errors, window, chosen)),
      legend: '{{class}}',
    },
  ],
  whenEmpty: noTraffic,
}

export const failedPairs: Panel = {
  id: 18,
  kind: 'timeseries',
  title: 'Failed pairs by class',
  shows: 'Pairs refused or failed a second, of servers that count failures by the pair.',
  whenBad: 'As errors: the class says whether the server is overloaded or a caller is wrong.',
  unit: 'cps',
  width: 6,
  queries: [
    {
      query: aggregate('sum', ['class'], growth('rate', metrics.failedPairs, window, chosen)),
      legend: '{{class}}',
    },
  ],
  whenEmpty: 'not counted',
}

const byCache = (metric: typeof metrics.cacheHits): Query<'cache'> =>
  aggregate('sum', ['cache'], growth('rate', metric, window, chosen))

export const cacheHits: Panel = {
  id: 19,
  kind: 'timeseries',
  title: 'Cache hits',
  shows: 'The share of look-ups that each cache answered.',
  whenBad:
    'Falling: callers ask something new, or the cache is too small. A cache that is never hit costs memory for nothing.',
  unit: 'percentunit',
  width: 6,
  queries: [
    {
      query: arithmetic(
        byCache(metrics.cacheHits),
        '/',
        arithmetic(byCache(metrics.cacheHits), '+', byCache(metrics.cacheMisses)),
      ),
      legend: '{{cache}}',
    },
  ],
  whenEmpty: noTraffic,
  maximum: 1,
}
