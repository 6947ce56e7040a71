import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fillSections, markdownTable } from '../core/markdown.ts'
import { packageFile } from '../core/program.ts'
import type { AlertRule } from './rules/rule.ts'

const shippedRunbooks = packageFile('alerts/runbooks')

/** The runbook of each alert by file name, with the numbers of the policy that the alert stands on. */
export function renderRunbooks(alerts: readonly AlertRule[]): ReadonlyMap<string, string> {
  return new Map(
    alerts.map((alert) => {
      const file = `${alert.name}.md`
      const page = readFileSync(join(shippedRunbooks, file), 'utf8')
      return [file, fillSections(page, () => numbersOf(alert))]
    }),
  )
}

function numbersOf({ severity, numbers }: AlertRule): string {
  return markdownTable(['Number', 'Value'], [['Severity', severity], ...numbers])
}
