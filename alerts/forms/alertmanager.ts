import { toYaml } from '../render.ts'
import type { AlertForm } from './form.ts'

const sameDeployment = ['namespace', 'job'] as const

/**
 * Who keeps whom quiet. Every rule asks for the same deployment on both sides: without `equal` one
 * page would silence everything everywhere.
 */
const inhibitions = [
  // What pages explains what only warns or advises, but not what may have caused it: whoever is woken
  // must hear of a GPU that is ill or held down, and of what is not seen.
  {
    source_matchers: [ours(), 'severity="critical"'],
    target_matchers: [
      ours(),
      'severity=~"warning|info"',
      'alertname!~"RerankerGpu(MemoryErrors|Throttled)|Rerankscope.+"',
    ],
    equal: sameDeployment,
  },
  // One page a budget: the one of hours is for what the one of minutes cannot tell.
  ...['Error', 'Latency'].map((budget) => ({
    source_matchers: [`alertname="Reranker${budget}BudgetExceeded"`],
    target_matchers: [`alertname="Reranker${budget}BudgetBurn"`],
    equal: sameDeployment,
  })),
  // Of GPUs of which nothing is known, no advice.
  {
    source_matchers: ['alertname="RerankscopeGpuMetricsMissing"'],
    target_matchers: [ours(), 'severity="info"'],
    equal: sameDeployment,
  },
  // A test fills what it tests. Its series come from elsewhere and know no namespace. It silences
  // no page: users feel those, whoever causes them.
  {
    source_matchers: ['alertname="RerankerLoadTestRunning"'],
    target_matchers: [
      ours(),
      'severity=~"warning|info"',
      'alertname!~"RerankerLoadTestRunning|RerankerGpuMemoryErrors|Rerankscope.+"',
    ],
    equal: ['job'],
  },
]

function ours(): string {
  return 'alertname=~"Rerank(er|scope).+"'
}

/** https://prometheus.io/docs/alerting/latest/configuration/ */
export const alertmanager: AlertForm = {
  name: 'alertmanager',
  writes: 'an example for Alertmanager: take `inhibit_rules` and the routes into your own',
  render: () =>
    new Map([
      [
        'alertmanager.yaml',
        toYaml({
          route: {
            receiver: 'tickets',
            group_by: ['namespace', 'job', 'alertname'],
            routes: [
              { matchers: ['severity="critical"'], receiver: 'pages' },
              { matchers: ['severity="info"'], receiver: 'nobody' },
            ],
          },
          // Without a way to send: add webhook_configs, email_configs and so on.
          receivers: [{ name: 'pages' }, { name: 'tickets' }, { name: 'nobody' }],
          inhibit_rules: inhibitions,
        }),
      ],
    ]),
}
