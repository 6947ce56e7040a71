import { guidanceStates, type GuidanceState } from '../../core/guidance.ts'
import { metrics } from '../../core/metrics.ts'
import { bandsOf, type Policy } from '../../core/policy.ts'
import { aggregate, compare, growth, latest, withGpuNames } from '../../core/promql.ts'
import {
  bandShare,
  currentQps,
  durationQuantile,
  errorRatio,
  pairsPerSecond,
  utilization,
  worstP95,
} from '../../core/queries.ts'
import { formatDuration, formatLine, formatWindow } from '../../core/units.ts'
import {
  chosen,
  chosenGpu,
  colors,
  limitThresholds,
  utilizationThresholds,
  type BoardDefinition,
  type Color,
  type Panel,
} from './board.ts'

const noTraffic = 'no traffic'
const gpuLegend = '{{name}} {{gpu}} · {{instance}}'
const oneGpu = ['gpu_uuid', 'job', 'instance'] as const

/** Is the reranker well, and what should I do? Users first, machines after. */
export const overview: BoardDefinition = {
  name: 'overview',
  uid: 'rerankscope-overview',
  title: 'rerankscope / Overview',
  description: 'The ten-second answer: is the reranker well, and what does its GPU say to do?',
  rows: (policy) => [
    { height: 5, panels: [guidance, utilizationNow(policy), p95Now(policy)] },
    { height: 4, panels: [qps, pairs, errors(policy), queue] },
    { height: 9, panels: [utilizationByGpu(policy), latency(policy)] },
    { height: 8, panels: [traffic, errorsByClass, bands(policy)] },
    { height: 8, panels: [memory, queueOverTime, sources] },
  ],
}

const stateColors: Readonly<Record<GuidanceState, Color>> = {
  scale_in: colors.spare,
  waste: colors.waste,
  healthy: colors.good,
  scale_out: colors.bad,
  unmeasurable: colors.blind,
  unknown: colors.neutral,
}

const guidance: Panel = {
  id: 1,
  kind: 'stat',
  title: 'Guidance',
  shows: 'What the utilisation says to do, and for how many targets.',
  whenBad:
    "Read the reasons on the sidecar's /status. Utilisation is the share of time in which at least one kernel ran: it says nothing about how full the GPU was, so look at p95 and the queue as well.",
  unit: 'short',
  width: 12,
  queries: [
    {
      query: aggregate('count', ['state'], compare(latest(metrics.guidanceState, chosen), '==', 1)),
      legend: '{{state}}',
    },
  ],
  whenEmpty: 'no sidecar',
  series: guidanceStates.map((state) => ({
    name: state,
    shownAs: state.replace('_', ' '),
    color: stateColors[state],
  })),
}

const utilizationNow = (policy: Policy): Panel => ({
  id: 2,
  kind: 'stat',
  title: 'GPU utilisation',
  shows: `The exact mean over the chosen GPUs and the last ${formatWindow(policy.scaleOut.windowSeconds)}: busy time over observed time.`,
  whenBad: `Over ${formatLine(policy.scaleOut.utilizationRatio)}: add a replica. Under ${formatLine(policy.waste.utilizationRatio)} with traffic: larger batches. Under ${formatLine(policy.scaleIn.utilizationRatio)} for long: remove a replica. Bursts shorter than the window do not show here; p95 and the queue see them.`,
  unit: 'percentunit',
  width: 6,
  queries: [
    {
      query: utilization([], policy.scaleOut.windowSeconds, chosenGpu),
      legend: 'utilisation',
    },
  ],
  whenEmpty: 'not measured',
  thresholds: utilizationThresholds(policy),
  maximum: 1,
})

const p95Now = (policy: Policy): Panel => ({
  id: 3,
  kind: 'stat',
  title: 'p95, worst target',
  shows: 'The highest 95th percentile of the last minute among the chosen targets.',
  whenBad: `Over ${formatDuration(policy.p95Seconds)}: see whether requests wait (queue) or are computed slowly (utilisation).`,
  unit: 's',
  width: 6,
  queries: [{ query: worstP95([], chosen), legend: 'p95' }],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

const qps: Panel = {
  id: 4,
  kind: 'stat',
  title: 'Queries',
  shows: 'Queries a second over the last 15 seconds, all chosen targets together.',
  whenBad: 'Fewer than usual: look at the callers and at the errors beside this.',
  unit: 'reqps',
  width: 6,
  queries: [{ query: currentQps(chosen), legend: 'queries/s' }],
  whenEmpty: noTraffic,
}

const pairs: Panel = {
  id: 5,
  kind: 'stat',
  title: 'Pairs',
  shows: 'Query-document pairs scored a second: the work that the GPU does.',
  whenBad:
    'Rising while queries stay: callers send more documents a query. Cap them before adding replicas.',
  unit: 'cps',
  width: 6,
  queries: [{ query: pairsPerSecond('$__rate_interval', chosen), legend: 'pairs/s' }],
  whenEmpty: noTraffic,
}

const errors = (policy: Policy): Panel => ({
  id: 6,
  kind: 'stat',
  title: 'Errors',
  shows: `The share of requests of the last ${formatWindow(policy.budget.windowSeconds)} that were not answered with scores.`,
  whenBad: `Over ${formatLine(policy.budget.errorRatio)}: see which class grows in "Errors by class".`,
  unit: 'percentunit',
  width: 6,
  queries: [{ query: errorRatio([], policy.budget.windowSeconds, chosen), legend: 'errors' }],
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.budget.errorRatio),
  maximum: 1,
})

const queueQuery = aggregate('sum', [], latest(metrics.queuePairs, chosen))

const queue: Panel = {
  id: 7,
  kind: 'stat',
  title: 'Queue',
  shows: 'Pairs that were accepted and wait for the device.',
  whenBad:
    'Growing: requests come faster than they are computed. Add a replica, or refuse earlier.',
  unit: 'short',
  width: 6,
  queries: [{ query: queueQuery, legend: 'pairs' }],
  whenEmpty: 'not known',
}

const utilizationByGpu = (policy: Policy): Panel => ({
  id: 8,
  kind: 'timeseries',
  title: 'GPU utilisation by GPU',
  shows: 'Busy time over observed time, a line a GPU, on the bands of the policy.',
  whenBad:
    'Red for long: no headroom for a burst. Blue for long: a replica too many. One line far from the others: the load balancing is uneven.',
  unit: 'percentunit',
  width: 12,
  queries: [
    {
      query: withGpuNames(utilization(oneGpu, '$__rate_interval', chosenGpu), chosen),
      legend: gpuLegend,
    },
  ],
  whenEmpty: 'not measured',
  thresholds: utilizationThresholds(policy),
  maximum: 1,
})

const latency = (policy: Policy): Panel => ({
  id: 9,
  kind: 'timeseries',
  title: 'Request duration',
  shows: 'Quantiles of the request duration over all chosen replicas, from the histogram.',
  whenBad: `p95 in the red (over ${formatDuration(policy.p95Seconds)}): compare with the queue and the utilisation at the same time.`,
  unit: 's',
  width: 12,
  queries: [0.5, 0.95, 0.99].map((q) => ({
    query: durationQuantile(q, [], '$__rate_interval', chosen),
    legend: `p${String(q * 100)}`,
  })),
  whenEmpty: noTraffic,
  thresholds: limitThresholds(policy.p95Seconds),
})

const traffic: Panel = {
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

const errorsByClass: Panel = {
  id: 11,
  kind: 'timeseries',
  title: 'Errors by class',
  shows: 'Requests a second that were not answered with scores, by class.',
  whenBad:
    '`overloaded`: add replicas or send fewer documents. `backend`: read the log of the server. The others come from the callers.',
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

const bands = (policy: Policy): Panel => ({
  id: 12,
  kind: 'timeseries',
  title: 'Time in each utilisation band',
  shows: 'The share of observed time that the chosen GPUs spent in each band of the policy.',
  whenBad:
    'Much blue beside much red: the load comes in bursts that a mean hides. Smooth it, or scale on the queue.',
  unit: 'percentunit',
  width: 8,
  queries: [{ query: bandShare('$__rate_interval', chosenGpu), legend: '{{band}}' }],
  whenEmpty: 'not measured',
  maximum: 1,
  stacked: true,
  series: bandsOf(policy).map(({ name, fromRatio, toRatio }, at) => ({
    name,
    shownAs: `${formatLine(fromRatio)} to ${formatLine(toRatio)}`,
    color: utilizationThresholds(policy)[at]?.color ?? colors.neutral,
  })),
})

const memory: Panel = {
  id: 13,
  kind: 'timeseries',
  title: 'GPU memory',
  shows: 'GPU memory in use and installed.',
  whenBad:
    'Near the installed amount: the next large batch may fail. Lower the token budget of a batch. Memory never says to scale in: servers keep what they once took.',
  unit: 'bytes',
  width: 8,
  queries: [
    {
      query: withGpuNames(latest(metrics.gpuMemoryUsedBytes, chosenGpu), chosen),
      legend: `used · ${gpuLegend}`,
    },
    {
      query: withGpuNames(latest(metrics.gpuMemoryTotalBytes, chosenGpu), chosen),
      legend: `installed · ${gpuLegend}`,
    },
  ],
  whenEmpty: 'not measured',
}

const queueOverTime: Panel = {
  id: 14,
  kind: 'timeseries',
  title: 'Queue and requests in flight',
  shows: 'Pairs that wait for the device, and requests accepted and not yet answered.',
  whenBad: 'A queue that never empties means that replicas are missing, whatever the utilisation.',
  unit: 'short',
  width: 8,
  queries: [
    { query: queueQuery, legend: 'pairs waiting' },
    {
      query: aggregate('sum', [], latest(metrics.inFlightRequests, chosen)),
      legend: 'requests in flight',
    },
  ],
  whenEmpty: 'not known',
}

const sources: Panel = {
  id: 15,
  kind: 'state-timeline',
  title: 'Source health',
  shows: 'Whether each source of each sidecar gives fresh values.',
  whenBad:
    "Down: what the source feeds is missing from this board, not zero. The sidecar's /status says why.",
  unit: 'short',
  width: 8,
  queries: [{ query: latest(metrics.sourceUp, chosen), legend: '{{source}} · {{instance}}' }],
  whenEmpty: 'no sidecar',
  values: [
    { value: 1, text: 'up', color: colors.good },
    { value: 0, text: 'down', color: colors.bad },
  ],
}
