import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillSections, markdownTable } from '../core/markdown.ts'
import { packageFile } from '../core/program.ts'
import { formatWindow } from '../core/units.ts'
import { steadyGroups, type AlertRule, type RuleContext } from './rules/rule.ts'

const shippedRunbooks = packageFile('alerts/runbooks')

/** The runbook of each alert by file name, with the numbers of the policy that the alert stands on. */
export function renderRunbooks(
  alerts: readonly AlertRule[],
  context: RuleContext,
): ReadonlyMap<string, string> {
  return new Map(
    alerts.map((alert) => {
      const file = `${alert.name}.md`
      const page = readFileSync(join(shippedRunbooks, file), 'utf8')
      return [file, fillSections(page, () => numbersOf(alert, context))]
    }),
  )
}

function numbersOf({ severity, group, numbers }: AlertRule, { policy }: RuleContext): string {
  const stays = formatWindow(policy.alerting.keepFiringSeconds)
  return markdownTable(
    ['Number', 'Value'],
    [
      ['Severity', severity],
      ...numbers,
      ...(steadyGroups.includes(group) ? [['Stays after recovery', stays]] : []),
    ],
  )
}
