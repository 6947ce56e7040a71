import { ruleGroups, toYaml } from '../render.ts'
import { fileOf } from '../rule-sets.ts'
import type { AlertForm } from './form.ts'

/**
 * For the Prometheus Operator, which takes only objects whose labels its `ruleSelector` names:
 * https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PrometheusRule
 */
export const prometheusRule: AlertForm = {
  name: 'prometheusrule',
  writes: 'a PrometheusRule for the Prometheus Operator',
  render: (rules, context) =>
    new Map([
      [
        fileOf(rules.name, 'prometheusrule.yaml'),
        toYaml({
          apiVersion: 'monitoring.coreos.com/v1',
          kind: 'PrometheusRule',
          metadata: {
            name: fileOf(rules.name, 'rerankscope'),
            labels: { 'app.kubernetes.io/name': 'rerankscope', ...context.objectLabels },
          },
          spec: { groups: ruleGroups(rules, context) },
        }),
      ],
    ]),
}
