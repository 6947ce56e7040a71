import { metrics } from '../../../core/metrics.ts'
import { type Policy } from '../../../core/policy.ts'
import { aggregate, histogramMean, latest, scrapeUp } from '../../../core/promql.ts'
import {
  currentQps,
  errorRatio,
  pairsPerSecond,
  utilization,
  waitingPairs,
  waitingRequests,
  worstP95,
} from '../../../core/queries.ts'
import { formatDuration, formatLine, formatWindow } from '../../../core/units.ts'
import {
  anyIsBad,
  batchThresholds,
  chosen,
  chosenGpu,
  colors,
  firingAlerts,
  limitThresholds,
  noTraffic,
  notMeasured,
  notTold,
  utilizationThresholds,
  type Panel,
} from '../board.ts'

/** The figures of now. */

export const alertsFiring: Panel = {
  id: 16,
  kind: 'stat',
  title: 'Alerts',
  shows: 'Alerts of rerankscope that fire, as Prometheus sees them.',
  whenBad: '"What happened" below names them; the runbook of that name says what to do.',
  unit: 'short',
  width: 3,
  queries: [{ query: aggregate('count', [], firingAlerts), legend: 'alerts' }],
  whenEmpty: 'no alert',
  thresholds: anyIsBad,
}

export const utilizationNow = (policy: Policy): Panel => ({
  id: 2,
  kind: 'stat',
  title: 'GPU utilisation',
  shows: `The exact mean over the chosen GPUs and the last ${formatWindow(policy.scaleOut.windowSeconds)}: busy time over observed time.`,
  whenBad: `Over ${formatLine(policy.scaleOut.utilizationRatio)}: add a replica. Under ${formatLine(policy.waste.utilizationRatio)} with traffic: larger batches. Under ${formatLine(policy.scaleIn.utilizationRatio)} for long: remove a replica. Bursts shorter than the window do not show here; p95 and the queue see them.`,
  alerts: ['RerankerGpuUtilizationHigh', 'RerankerGpuUtilizationLow'],
  opens: 'gpu',
  unit: 'percentunit',
  width: 6,
  queries: [
    {
      query: utilization([], policy.scaleOut.windowSeconds, chosenGpu),
      legend: 'utilisation',
    },
  ],
  whenEmpty: notMeasured,
  thresholds: utilizationThresholds(policy),
  maximum: 1,
})

export const p95Now = (policy: Policy): Panel => ({
  id: 3,
  kind: 'stat',
  title: 'p95, worst target',
  shows: 'The highest 95th percentile of the last minute among the chosen targets.',
  whenBad: `Over ${formatDuration(policy.p95Seconds)}: see whether requests wait (queue) or are computed slowly (utilisation).`,
  alerts: ['RerankerLatencyBudgetExceeded'],
  opens: 'latency',
  unit: 's',
  width: 6,
  queries: [{ query: worstP95([], chosen), legend: 'p95' }],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

export const qps: Panel = {
  id: 4,
  kind: 'stat',
  title: 'Queries',
  shows: 'Queries a second over the last 15 seconds, all chosen targets together.',
  whenBad: 'Fewer than usual: look at the callers and at the errors beside this.',
  unit: 'reqps',
  width: 4,
  queries: [{ query: currentQps(chosen), legend: 'queries/s' }],
  whenEmpty: noTraffic,
}

export const pairs: Panel = {
  id: 5,
  kind: 'stat',
  title: 'Pairs',
  shows: 'Query-document pairs scored a second: the work that the GPU does.',
  whenBad:
    'Rising while queries stay: callers send more documents a query. Cap them before adding replicas.',
  unit: 'cps',
  width: 4,
  queries: [{ query: pairsPerSecond('$__rate_interval', chosen), legend: 'pairs/s' }],
  whenEmpty: noTraffic,
}

export const errors = (policy: Policy): Panel => ({
  id: 6,
  kind: 'stat',
  title: 'Errors',
  shows: `The share of requests of the last ${formatWindow(policy.budget.windowSeconds)} that were not answered with scores.`,
  whenBad: `Over ${formatLine(policy.budget.errorRatio)}: see which class grows in "Errors by class".`,
  alerts: ['RerankerErrorBudgetExceeded'],
  opens: 'latency',
  unit: 'percentunit',
  width: 4,
  queries: [{ query: errorRatio([], policy.budget.windowSeconds, chosen), legend: 'errors' }],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.budget.errorRatio),
  maximum: 1,
})

export const queue: Panel = {
  id: 7,
  kind: 'stat',
  title: 'Queue',
  shows:
    'What was accepted and waits for the device: pairs, or requests where the server counts those.',
  whenBad:
    'Growing: requests come faster than they are computed. Add a replica, or refuse earlier.',
  opens: 'latency',
  unit: 'short',
  width: 4,
  queries: [
    { query: waitingPairs(chosen), legend: 'pairs' },
    { query: waitingRequests(chosen), legend: 'requests' },
  ],
  whenEmpty: notTold,
}

export const meanBatch = (policy: Policy): Panel => ({
  id: 17,
  kind: 'stat',
  title: 'Mean batch',
  shows: `Pairs in a batch given to the device, the mean of the chosen replicas. The policy's band is ${String(policy.batchPairs.minimum)} to ${String(policy.batchPairs.maximum)}.`,
  whenBad:
    'Under the band: requests reach the device one by one. Let the server wait for more pairs.',
  opens: 'latency',
  unit: 'short',
  width: 4,
  queries: [
    { query: histogramMean([], metrics.batchPairs, '$__rate_interval', chosen), legend: 'pairs' },
  ],
  whenEmpty: noTraffic,
  thresholds: batchThresholds(policy),
})

export const watched: Panel = {
  id: 18,
  kind: 'stat',
  title: 'Watched',
  shows: 'Whether Prometheus reads every chosen sidecar.',
  whenBad: 'What a sidecar that is down would say is missing from every board, not zero.',
  alerts: ['RerankscopeTargetDown', 'RerankscopeAbsent'],
  unit: 'short',
  width: 4,
  queries: [{ query: aggregate('min', [], latest(scrapeUp, chosen)), legend: 'sidecars' }],
  whenEmpty: 'no sidecar',
  values: [
    { value: 1, text: 'all', color: colors.good },
    { value: 0, text: 'not all', color: colors.bad },
  ],
}
