import { stringify } from 'yaml'
import { windowText } from '../core/promql.ts'
import { groups, type AlertRule, type RuleContext } from './rules/rule.ts'

export const rulesFileName = 'prometheus-rules.yaml'
export const testsFileName = 'prometheus-rules.test.yaml'

const banner = '# Generated from the policy and the metric catalogue. Do not edit: change those.\n'

export interface RenderContext extends RuleContext {
  /** What stands before `<AlertName>.md` in an alert's `runbook_url`. */
  readonly runbookBase: string
}

/** A Prometheus rule file with every rule, in groups. Needs Prometheus 2.42 for `keep_firing_for`. */
export function renderRules(alerts: readonly AlertRule[], context: RenderContext): string {
  const { evaluationSeconds, keepFiringSeconds } = context.policy.alerting
  return toYaml({
    groups: groups.map((group) => ({
      name: `rerankscope.${group}`,
      interval: windowText(evaluationSeconds),
      rules: alerts
        .filter((alert) => alert.group === group)
        .map((alert) => ({
          alert: alert.name,
          expr: alert.query.text,
          ...(alert.severity === 'advice' && { keep_firing_for: windowText(keepFiringSeconds) }),
          labels: { severity: alert.severity },
          annotations: annotationsOf(alert, alert.description, context),
        })),
    })),
  })
}

/** promtool's tests of that rule file, which must lie beside it. */
export function renderRuleTests(alerts: readonly AlertRule[], context: RenderContext): string {
  const interval = windowText(context.policy.alerting.evaluationSeconds)
  return toYaml({
    rule_files: [rulesFileName],
    evaluation_interval: interval,
    tests: alerts.flatMap((alert) =>
      alert.tests.map((test) => ({
        name: `${alert.name}: ${test.name}`,
        interval,
        input_series: test.series,
        alert_rule_test: test.expect.map(({ atSeconds, alerts: expected }) => ({
          eval_time: `${String(atSeconds)}s`,
          alertname: alert.name,
          exp_alerts: expected.map(({ labels, description }) => ({
            exp_labels: { severity: alert.severity, ...labels },
            exp_annotations: annotationsOf(alert, description, context),
          })),
        })),
      })),
    ),
  })
}

function annotationsOf(
  { name, summary, action }: AlertRule,
  description: string,
  { runbookBase }: RenderContext,
): Readonly<Record<string, string>> {
  return { summary, description, action, runbook_url: `${runbookBase}${name}.md` }
}

function toYaml(value: unknown): string {
  return banner + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}
