import { windowText } from '../../core/promql.ts'
import { annotationsOf, groupsOf, labelsOf, toYaml } from '../render.ts'
import { fileOf } from '../rule-sets.ts'
import { steadyGroups, type AlertRule } from '../rules/rule.ts'
import type { AlertForm, FormContext } from './form.ts'

/** Grafana evaluates every ten seconds, or every so many tens. */
const gridSeconds = 10
/** What Grafana loads of each series; the windows stand in the queries, so the last value is enough. */
const rangeSeconds = 600

/**
 * For Grafana's own alerting, in a file that it provisions:
 * https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/
 */
export const grafana: AlertForm = {
  name: 'grafana',
  writes: "a file for Grafana's `provisioning/alerting/`",
  render: (rules, context) => {
    const { evaluationSeconds } = context.policy.alerting
    const interval = Math.ceil(evaluationSeconds / gridSeconds) * gridSeconds
    return new Map([
      [
        fileOf(rules.name, 'grafana-rules.yaml'),
        toYaml({
          apiVersion: 1,
          groups: groupsOf(rules.alerts).map(([group, alerts]) => ({
            orgId: 1,
            name: `${rules.name}.${group}`,
            folder: 'rerankscope',
            interval: windowText(interval),
            rules: alerts.map((alert) => ruleOf(alert, rules.name, context)),
          })),
        }),
      ],
    ])
  },
}

function ruleOf(alert: AlertRule, set: string, context: FormContext) {
  const { keepFiringSeconds } = context.policy.alerting
  return {
    uid: fileOf(set, alert.name),
    title: alert.name,
    condition: 'firing',
    data: [
      {
        refId: 'A',
        relativeTimeRange: { from: rangeSeconds, to: 0 },
        datasourceUid: context.datasourceUid,
        model: { refId: 'A', expr: alert.query.text, instant: true, range: false },
      },
      // The query keeps only series that are at fault; that one is there is the condition, whatever
      // its value, for of something that is down the value is 0.
      {
        refId: 'firing',
        relativeTimeRange: { from: rangeSeconds, to: 0 },
        datasourceUid: '__expr__',
        model: { refId: 'firing', type: 'math', expression: 'is_number($A)' },
      },
    ],
    // No series means that nothing is at fault. KeepLast here would let no alert end.
    noDataState: 'OK',
    execErrState: 'Error',
    for: '0s',
    ...(steadyGroups.includes(alert.group) && { keepFiringFor: windowText(keepFiringSeconds) }),
    labels: labelsOf(alert),
    annotations: inGrafana(annotationsOf(alert, alert.description, context)),
    ...(alert.panel && { dashboardUid: alert.panel.board, panelId: alert.panel.id }),
  }
}

/** Where Prometheus says `$value`, Grafana says of which query. */
function inGrafana(
  annotations: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(annotations).map(([name, text]) => [
      name,
      text.replaceAll('$value', '$values.A.Value'),
    ]),
  )
}
