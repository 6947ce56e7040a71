import { metrics } from '../core/metrics.ts'
import type { Policy } from '../core/policy.ts'
import { compare, resets, type Query } from '../core/promql.ts'
import { chosen, firingAlerts } from './boards/board.ts'
import { datasource } from './panel.ts'

/** What is marked across the charts of every board, as Grafana's classic JSON has it. */
export function annotations(policy: Policy) {
  const { faultWindowSeconds } = policy.alerting
  const restarts = compare(resets(metrics.requests, faultWindowSeconds, chosen), '>', 0)
  return [
    {
      name: 'Annotations & Alerts',
      datasource: ofGrafana,
      builtIn: 1,
      enable: true,
      hide: true,
      iconColor: 'rgba(0, 211, 255, 1)',
      type: 'dashboard',
    },
    loadRuns,
    fromPrometheus('Alerts', firingAlerts, 'red', '{{alertname}}', '{{severity}} {{job}}'),
    fromPrometheus('Restarts', restarts, 'blue', 'Restart of the reranker', '{{instance}}'),
  ]
}

const ofGrafana = { type: 'grafana', uid: '-- Grafana --' } as const

/** What `load --grafana-url` wrote: a run from its start to its end. */
const loadRuns = {
  name: 'Load runs',
  datasource: ofGrafana,
  enable: true,
  iconColor: 'purple',
  type: 'tags',
  target: { type: 'tags', tags: ['rerankscope', 'load'], matchAny: false, limit: 100 },
} as const

function fromPrometheus(name: string, query: Query, color: string, title: string, text: string) {
  return {
    name,
    datasource,
    enable: true,
    iconColor: color,
    expr: query.text,
    step: '60s',
    titleFormat: title,
    textFormat: text,
    useValueForTime: false,
  }
}
