import { panels } from '../panels.ts'
import { formatWindow } from '../../core/units.ts'
import {
  scraped,
  unreachable,
  unreachableNumbers,
  unreachableTests,
} from '../shapes/unreachable.ts'
import type { RuleContext, RuleDefinition, RuleTest } from './rule.ts'

export const targetDown: RuleDefinition = (context) => ({
  name: 'RerankscopeTargetDown',
  group: 'health',
  severity: 'critical',
  query: unreachable(context),
  summary: 'Prometheus cannot scrape a sidecar.',
  description: describe('{{ $labels.instance }}', context),
  panel: panels.watched,
  action:
    'See whether the sidecar runs and its port is open to Prometheus (`curl http://INSTANCE/-/healthy`); start it again if not.',
  numbers: unreachableNumbers(context),
  tests: [
    ...unreachableTests(context, (instance) => describe(instance, context)),
    another(context),
  ],
})

function describe(instance: string, { policy: { alerting } }: RuleContext): string {
  return `Every scrape of the sidecar at ${instance} has failed for ${formatWindow(alerting.faultWindowSeconds)}; the reranker beside it is unwatched.`
}

function another(context: RuleContext): RuleTest {
  const seconds = 2 * context.policy.alerting.faultWindowSeconds
  return {
    name: "another job's targets are none of ours",
    series: [scraped(context, 'other', 'c:9100', [{ seconds, value: 0 }])],
    expect: [{ atSeconds: seconds, alerts: [] }],
  }
}
