import { windowText } from '../../core/promql.ts'
import type { RecordTest } from '../records.ts'
import { annotationsOf, labelsOf, ruleGroups, toYaml, type RenderContext } from '../render.ts'
import { fileOf, type Rules } from '../rule-sets.ts'
import type { AlertRule, ExpectedAlert, RuleTest } from '../rules/rule.ts'
import { seriesText } from '../series.ts'
import type { AlertForm } from './form.ts'

export const rulesFileName = 'prometheus-rules.yaml'
export const testsFileName = 'prometheus-rules.test.yaml'

/** For `rule_files` in prometheus.yml, and promtool's tests of it. */
export const prometheus: AlertForm = {
  name: 'prometheus',
  writes: 'a rule file for `rule_files` in prometheus.yml, and its tests for promtool',
  render: (rules, context) =>
    new Map([
      [fileOf(rules.name, rulesFileName), renderRules(rules, context)],
      [fileOf(rules.name, testsFileName), renderRuleTests(rules, context)],
    ]),
}

export function renderRules(rules: Rules, context: RenderContext): string {
  return toYaml({ groups: ruleGroups(rules, context) })
}

/** promtool's tests of that rule file, which must lie beside it. */
export function renderRuleTests(
  { name: set, alerts, records }: Rules,
  context: RenderContext,
): string {
  const interval = windowText(context.policy.alerting.evaluationSeconds)
  const ofAlerts = alerts.flatMap((alert) =>
    alert.tests.map((test) => ({
      name: `${alert.name}: ${test.name}`,
      interval,
      input_series: test.series,
      ...expectations(alert, test, context),
    })),
  )
  const ofRecords = records.map(({ name, test }) => ({
    name: `${name}: ${test.name}`,
    interval,
    input_series: test.series,
    promql_expr_test: [recorded(name, test)],
  }))
  return toYaml({
    rule_files: [fileOf(set, rulesFileName)],
    evaluation_interval: interval,
    tests: [...ofAlerts, ...ofRecords],
  })
}

/** Rounded, because the last binary digit is promtool's own. */
function recorded(name: string, { atSeconds, labels, value }: RecordTest) {
  return {
    expr: `round(${name}, 0.001)`,
    eval_time: `${String(atSeconds)}s`,
    exp_samples: [{ labels: seriesText('', labels), value: Math.round(value * 1000) / 1000 }],
  }
}

/** Alerts word by word; where a test leaves the words open, by the series that Prometheus writes of them. */
function expectations(alert: AlertRule, { expect }: RuleTest, context: RenderContext) {
  const all = ({ labels }: ExpectedAlert) => ({ ...labelsOf(alert), ...labels })
  const worded = expect.filter(({ alerts }) => alerts.every(({ description }) => description))
  const unworded = expect.filter((each) => !worded.includes(each))
  const firing = `ALERTS{alertname="${alert.name}", alertstate="firing"}`
  return {
    alert_rule_test: worded.map(({ atSeconds, alerts }) => ({
      eval_time: `${String(atSeconds)}s`,
      alertname: alert.name,
      exp_alerts: alerts.map((expected) => ({
        exp_labels: all(expected),
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
            ...all(expected),
          }),
          value: 1,
        })),
      })),
    }),
  }
}
