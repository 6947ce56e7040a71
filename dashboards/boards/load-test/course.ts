import { metrics, type Metric } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import {
  aggregate,
  growth,
  histogramQuantile,
  latest,
  withRunNames,
  type Query,
} from '../../../core/promql.ts'
import { formatDuration } from '../../../core/units.ts'
import { chosenRun, limitThresholds, type Panel } from '../board.ts'

/** The same over time, a line a run. The legend's mean is that of the run: outside it there is no line. */

const window = '$__rate_interval'
const whenEmpty = 'no run'
const legendSays = 'mean'
const byRun = ['instance'] as const

/** Under the profile and the engine that people know a run by. */
function ofRun(query: Query<'instance'>, prefix = '') {
  return {
    query: withRunNames(query, chosenRun),
    legend: `${prefix}{{profile}} {{engine}} · {{instance}}`,
  }
}

const perSecond = (metric: Metric) =>
  aggregate('sum', byRun, growth('rate', metric, window, chosenRun))

export const rate: Panel = {
  id: 2,
  kind: 'timeseries',
  title: 'Offered and ended',
  shows:
    'Queries due a second by the plan, whatever the target does, and requests that ended a second.',
  whenBad: 'Ended under offered: requests pile up, and the response time grows until the run ends.',
  unit: 'reqps',
  width: 8,
  queries: [
    ofRun(perSecond(metrics.loadOfferedQueries), 'offered · '),
    ofRun(perSecond(metrics.loadRequests), 'ended · '),
  ],
  whenEmpty,
  legendSays,
}

export const response = (policy: Policy): Panel => ({
  id: 3,
  kind: 'timeseries',
  title: 'p95 from the instant due',
  shows:
    'The 95th percentile of the time from the instant at which a request was due to its answer; timeouts with the time waited.',
  whenBad: `Over ${formatDuration(policy.p95Seconds)}: compare with "p95 as the reranker sees it" below. What is between the two waited outside the reranker.`,
  unit: 's',
  width: 8,
  queries: [ofRun(histogramQuantile(0.95, byRun, metrics.loadResponseDuration, window, chosenRun))],
  whenEmpty,
  legendSays,
  thresholds: limitThresholds(policy.p95Seconds),
})

export const pairs: Panel = {
  id: 4,
  kind: 'timeseries',
  title: 'Pairs scored',
  shows: 'Query-document pairs of succeeded requests a second: what the reranker got done.',
  whenBad: 'Flat while more is offered: that is the capacity of the target.',
  unit: 'cps',
  width: 8,
  queries: [ofRun(perSecond(metrics.loadPairs))],
  whenEmpty,
  legendSays,
}

export const outcomes: Panel = {
  id: 5,
  kind: 'timeseries',
  title: 'Outcomes',
  shows: 'Requests that ended a second, all chosen runs together, by outcome.',
  whenBad:
    '`rejected_429`: the target refuses what it cannot take. `timeout`: it accepts more than it can answer in time.',
  unit: 'reqps',
  width: 8,
  queries: [
    {
      query: aggregate('sum', ['outcome'], growth('rate', metrics.loadRequests, window, chosenRun)),
      legend: '{{outcome}}',
    },
  ],
  whenEmpty,
  legendSays,
  stacked: true,
}

export const inFlight: Panel = {
  id: 6,
  kind: 'timeseries',
  title: 'In flight',
  shows: 'Requests sent and not yet ended.',
  whenBad: 'A line that climbs to the end of the run: more is offered than can be answered.',
  unit: 'short',
  width: 8,
  queries: [ofRun(aggregate('sum', byRun, latest(metrics.loadInFlightRequests, chosenRun)))],
  whenEmpty,
  legendSays,
}

export const lag: Panel = {
  id: 7,
  kind: 'timeseries',
  title: 'Dispatch lag, p99',
  shows:
    'By how much the latest hundredth of requests was sent later than due: the generator itself.',
  whenBad:
    'Over 10 ms: the machine of the generator is too slow or too busy. Run it elsewhere; the run is not valid.',
  unit: 's',
  width: 8,
  queries: [ofRun(histogramQuantile(0.99, byRun, metrics.loadDispatchLag, window, chosenRun))],
  whenEmpty,
  legendSays,
}
