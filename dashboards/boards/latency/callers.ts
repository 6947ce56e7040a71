import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import { aggregate, histogramBuckets, latest } from '../../../core/promql.ts'
import { durationQuantile, worstP95 } from '../../../core/queries.ts'
import { formatDuration } from '../../../core/units.ts'
import { chosen, colors, limitThresholds, noTraffic, type Panel } from '../board.ts'
import * as shown from '../../shown.ts'

/** The time from a request to its answer. */

export const quantiles = (policy: Policy): Panel => ({
  id: 1,
  ...shown.requestDurations(policy, [0.5, 0.95, 0.99]),
  title: 'Request duration',
  whenBad: `p95 in the red (over ${formatDuration(policy.p95Seconds)}): see below whether requests wait (queue) or are computed slowly (infer). p99 alone: a few large requests, or one slow replica.`,
  alerts: [
    'RerankerLatencyBudgetExceeded',
    'RerankerLatencyBudgetBurn',
    'RerankerSlowWhileGpuIdle',
  ],
  width: 12,
})

export const distribution: Panel = {
  id: 2,
  kind: 'heatmap',
  title: 'Request durations',
  shows: 'How many requests a second took how long.',
  whenBad:
    'Two bands: two kinds of request, or replicas of two speeds. A band that climbs: the queue grows.',
  unit: 's',
  width: 12,
  queries: [
    {
      query: histogramBuckets(metrics.requestDuration, '$__rate_interval', chosen),
      legend: '{{le}}',
    },
  ],
  whenEmpty: noTraffic,
}

export const byInstance = (policy: Policy): Panel => ({
  id: 3,
  kind: 'timeseries',
  title: 'p95 by replica',
  shows: 'The 95th percentile of the request duration of each replica.',
  whenBad:
    'One line far above the others: that replica is slower or gets more work. Look at its GPU.',
  opens: 'gpu',
  unit: 's',
  width: 10,
  queries: [
    {
      query: durationQuantile(0.95, ['instance'], '$__rate_interval', chosen),
      legend: '{{instance}}',
    },
  ],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

export const worst = (policy: Policy): Panel => ({
  id: 4,
  kind: 'timeseries',
  title: 'p95 as the sidecars say it',
  shows:
    'The 95th percentile of the last minute of each target, finished by its sidecar, the highest where several watch one.',
  whenBad:
    'Far from "p95 by replica": the server knows only coarse buckets, and one of the two is a guess. "How good p95 is" says whether.',
  unit: 's',
  width: 7,
  queries: [{ query: worstP95(['target'], chosen), legend: '{{target}}' }],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

export const coarse: Panel = {
  id: 5,
  kind: 'state-timeline',
  title: 'How good p95 is',
  shows: 'Whether the p95 of each target can be read off its buckets, or is a guess between two.',
  whenBad:
    'A guess: put the sidecar before the server as its proxy; it measures every request itself.',
  unit: 'short',
  width: 7,
  queries: [
    {
      query: aggregate('max', ['target'], latest(metrics.quantileCoarse, chosen)),
      legend: '{{target}}',
    },
  ],
  whenEmpty: noTraffic,
  values: [
    { value: 0, text: 'measured', color: colors.good },
    { value: 1, text: 'a guess', color: colors.blind },
  ],
}
