import { stringify } from 'yaml'
import { windowText } from '../core/promql.ts'
import type { Rules } from './rule-sets.ts'
import { groups, steadyGroups, type AlertRule, type Group, type RuleContext } from './rules/rule.ts'

/** What the forms share: groups and annotations of alerts, and how a file is written. */

export interface RenderContext extends RuleContext {
  /** What stands before `<AlertName>.md` in an alert's `runbook_url`. */
  readonly runbookBase: string
  /** What stands before `/d/…` in an alert's `dashboard_url`: the address of a Grafana. */
  readonly dashboardBase: string
}

export const banner =
  '# Generated from the policy and the metric catalogue. Do not edit: change those.\n'

/**
 * Groups as Prometheus and its operator read them, recording rules last. Needs Prometheus 2.42 for
 * `keep_firing_for`.
 */
export function ruleGroups({ alerts, records }: Rules, context: RenderContext) {
  const { evaluationSeconds, keepFiringSeconds } = context.policy.alerting
  const interval = windowText(evaluationSeconds)
  return [
    ...groupsOf(alerts).map(([group, members]) => ({
      name: `rerankscope.${group}`,
      interval,
      rules: members.map((alert) => ({
        alert: alert.name,
        expr: alert.query.text,
        ...(steadyGroups.includes(group) && { keep_firing_for: windowText(keepFiringSeconds) }),
        labels: labelsOf(alert),
        annotations: annotationsOf(alert, alert.description, context),
      })),
    })),
    ...(records.length === 0
      ? []
      : [
          {
            name: 'rerankscope.records',
            interval,
            rules: records.map(({ name, query }) => ({ record: name, expr: query.text })),
          },
        ]),
  ]
}

export function groupsOf(
  alerts: readonly AlertRule[],
): readonly (readonly [Group, readonly AlertRule[]])[] {
  return groups
    .map((group) => [group, alerts.filter((alert) => alert.group === group)] as const)
    .filter(([, members]) => members.length > 0)
}

export function labelsOf({ severity, labels }: AlertRule): Readonly<Record<string, string>> {
  return { severity, ...labels }
}

export function annotationsOf(
  { name, summary, action, panel }: AlertRule,
  description: string,
  { runbookBase, dashboardBase, job }: RenderContext,
): Readonly<Record<string, string>> {
  return {
    summary,
    description,
    action,
    runbook_url: `${runbookBase}${name}.md`,
    ...(panel && {
      dashboard_url: `${dashboardBase}/d/${panel.board}?viewPanel=${String(panel.id)}&var-job=${encodeURIComponent(job)}`,
    }),
  }
}

export function toYaml(value: unknown): string {
  return banner + stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })
}
