import { guidanceStates, type GuidanceState } from '../../../core/guidance.ts'
import { metrics } from '../../../core/metrics.ts'
import { aggregate, compare, latest } from '../../../core/promql.ts'
import { chosen, colors, type Color, type Panel } from '../board.ts'

/** What the utilisation says to do, now and before. */

const stateColors: Readonly<Record<GuidanceState, Color>> = {
  scale_in: colors.spare,
  waste: colors.waste,
  healthy: colors.good,
  scale_out: colors.bad,
  unmeasurable: colors.blind,
  unknown: colors.neutral,
}

const guidanceQueries: Panel['queries'] = [
  {
    query: aggregate('count', ['state'], compare(latest(metrics.guidanceState, chosen), '==', 1)),
    legend: '{{state}}',
  },
]

const guidanceSeries = guidanceStates.map((state) => ({
  name: state,
  shownAs: state.replace('_', ' '),
  color: stateColors[state],
}))

export const guidance: Panel = {
  id: 1,
  kind: 'stat',
  title: 'Guidance',
  shows: 'What the utilisation says to do, and for how many targets.',
  whenBad:
    "Read the reasons on the sidecar's /status. Utilisation is the share of time in which at least one kernel ran: it says nothing about how full the GPU was, so look at p95 and the queue as well.",
  unit: 'short',
  width: 9,
  queries: guidanceQueries,
  whenEmpty: 'no sidecar',
  series: guidanceSeries,
}

export const guidanceHistory: Panel = {
  id: 20,
  kind: 'timeseries',
  title: 'Guidance over time',
  shows: 'For how many targets each guidance held.',
  whenBad:
    'Back and forth between scale out and scale in: the load comes in bursts, or replicas start slowly. Widen the windows before the replicas.',
  unit: 'short',
  width: 8,
  queries: guidanceQueries,
  whenEmpty: 'no sidecar',
  stacked: true,
  series: guidanceSeries,
}
