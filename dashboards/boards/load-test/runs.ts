import { metrics, type Metric } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import {
  aggregate,
  arithmetic,
  lifetimeQuantile,
  lifetimeTotal,
  overTime,
  type Query,
} from '../../../core/promql.ts'
import { formatDuration, formatLine } from '../../../core/units.ts'
import { chosenRun, type Panel } from '../board.ts'

/** One line a run, each from its start to its end. */

const window = '$__range'
const byRun = ['instance'] as const
const total = (metric: Metric, outcome?: string): Query<'instance'> =>
  aggregate(
    'sum',
    byRun,
    lifetimeTotal(metric, window, { ...chosenRun, ...(outcome !== undefined && { outcome }) }),
  )
const requests = total(metrics.loadRequests)
const response = (q: number) =>
  lifetimeQuantile(q, byRun, metrics.loadResponseDuration, window, chosenRun)

export const runs = (policy: Policy): Panel => ({
  id: 1,
  kind: 'table',
  title: 'Runs side by side',
  shows:
    'Every run of the chosen time: what it offered and what came back. Response times count from the instant at which each request was due.',
  whenBad: `Answered under ${formatLine(1 - policy.budget.errorRatio)}, or p95 over ${formatDuration(policy.p95Seconds)}: more than the reranker can take. A dispatch lag over 10 ms: the generator was late, and the run says nothing about the reranker.`,
  alerts: ['RerankerLoadTestRunning'],
  unit: 'short',
  width: 24,
  queries: [
    {
      query: overTime('max', metrics.loadInfo, window, chosenRun),
      legend: 'run',
      labelsOnly: true,
    },
    { query: total(metrics.loadOfferedQueries), legend: 'queries offered' },
    { query: requests, legend: 'requests' },
    {
      query: arithmetic(total(metrics.loadRequests, 'ok'), '/', requests),
      legend: 'answered',
      unit: 'percentunit',
    },
    { query: total(metrics.loadPairs), legend: 'pairs' },
    { query: response(0.5), legend: 'p50', unit: 's' },
    { query: response(0.95), legend: 'p95', unit: 's' },
    { query: response(0.99), legend: 'p99', unit: 's' },
    {
      query: lifetimeQuantile(0.99, byRun, metrics.loadDispatchLag, window, chosenRun),
      legend: 'dispatch lag p99',
      unit: 's',
    },
  ],
  columns: [
    { label: 'instance', shownAs: 'run' },
    { label: 'profile', shownAs: 'profile' },
    { label: 'engine', shownAs: 'engine' },
    { label: 'dialect', shownAs: 'dialect' },
    { label: 'target', shownAs: 'target' },
  ],
  whenEmpty: 'no run',
})
