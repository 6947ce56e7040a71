import { metrics } from '../../../core/metrics.ts'
import { aggregate, latest } from '../../../core/promql.ts'
import { chosen, colors, firingAlerts, notTold, type Panel } from '../board.ts'

/** What happened, and to what. */

export const alertHistory: Panel = {
  id: 19,
  kind: 'state-timeline',
  title: 'Alerts over time',
  shows: 'When each alert of rerankscope fired.',
  whenBad: 'Open the runbook of that name; the charts above carry the same times.',
  unit: 'short',
  width: 8,
  queries: [
    {
      query: aggregate('max', ['alertname', 'job'], firingAlerts),
      legend: '{{alertname}} · {{job}}',
    },
  ],
  whenEmpty: 'no alert',
  values: [{ value: 1, text: 'fires', color: colors.bad }],
}

export const served: Panel = {
  id: 21,
  kind: 'table',
  title: 'What is served',
  shows:
    'Which model each sidecar watches, by which server, on which device, in which number format.',
  whenBad:
    'Another device than you expect: the server fell back to the CPU. Another model: the deployment is not done.',
  unit: 'short',
  width: 8,
  queries: [{ query: latest(metrics.modelInfo, chosen), legend: 'served', labelsOnly: true }],
  columns: [
    { label: 'instance', shownAs: 'sidecar' },
    { label: 'model', shownAs: 'model' },
    { label: 'server', shownAs: 'server' },
    { label: 'device', shownAs: 'device' },
    { label: 'dtype', shownAs: 'format' },
  ],
  whenEmpty: notTold,
}
