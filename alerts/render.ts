import { stringify } from 'yaml'
import { windowText } from '../core/promql.ts'
import {
  groups,
  steadyGroups,
  type AlertRule,
  type ExpectedAlert,
  type Group,
  type RuleContext,
  type RuleTest,
} from './rules/rule.ts'
import { seriesText } from './series.ts'

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
    groups: groupsOf(alerts).map(([group, members]) => ({
      name: `rerankscope.${group}`,
      interval: windowText(evaluationSeconds),
      rules: members.map((alert) => ({
        alert: alert.name,
        expr: alert.query.text,
        ...(steadyGroups.includes(group) && { keep_firing_for: windowText(keepFiringSeconds) }),
        labels: { severity: alert.severity, ...alert.labels },
        annotations: annotationsOf(alert, alert.description, context),
      })),
    })),
  })
}

function groupsOf(
  alerts: readonly AlertRule[],
): readonly (readonly [Group, readonly AlertRule[]])[] {
  return groups
    .map((group) => [group, alerts.filter((alert) => alert.group === group)] as const)
    .filter(([, members]) => members.length > 0)
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
        ...expectations(alert, test, context),
      })),
    ),
  })
}

/** Alerts word by word; where a test leaves the words open, by the series that Prometheus writes of them. */
function expectations(alert: AlertRule, { expect }: RuleTest, context: RenderContext) {
  const labelsOf = ({ labels }: ExpectedAlert) => ({
    severity: alert.severity,
    ...alert.labels,
    ...labels,
  })
  const worded = expect.filter(({ alerts }) => alerts.every(({ description }) => description))
  const unworded = expect.filter((each) => !worded.includes(each))
  const firing = `ALERTS{alertname="${alert.name}", alertstate="firing"}`
  return {
    alert_rule_test: worded.map(({ atSeconds, alerts }) => ({
      eval_time: `${String(atSeconds)}s`,
      alertname: alert.name,
      exp_alerts: alerts.map((expected) => ({
        exp_labels: labelsOf(expected),
        exp_annotations: annotationsOf(alert, expected.description ?? '', context),
      })),
    })),
    ...(unworded.length > 0 && {
      promql_expr_test: unworded.map(({ atSeconds, alerts }) => ({
        expr: firing,
        eval_time: `${String(atSeconds)}s`,
        exp_samples: alerts.map((expected) => ({
          labels: seriesText('ALERTS', {
            alertname: alert.name,
            alertstate: 'firing',
            ...labelsOf(expected),
          }),
          value: 1,
        })),
      })),
    }),
  }
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
