import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { usageError } from '../core/errors.ts'
import { packageFile } from '../core/program.ts'
import type { Policy } from '../core/policy.ts'
import { promtool } from './promtool.ts'
import { renderRules, renderRuleTests, rulesFileName, testsFileName } from './render.ts'
import { rules } from './rules/index.ts'
import type { AlertRule, RuleContext } from './rules/rule.ts'

export * as autoscaling from './autoscaling/index.ts'
export { renderRunbooks } from './runbooks.ts'

export interface AlertOptions {
  readonly policy: Policy
  /** The `job` label of the sidecars' scrape job. */
  readonly job: string
  /** What stands before `<AlertName>.md` in `runbook_url`; an address that people can open. */
  readonly runbookBase: string
}

/** What the committed files are made with. Runbooks lie beside the exported files. */
export const alertDefaults = { job: 'rerankscope', runbookBase: 'runbooks/' } as const

/** The folder that ships: rules and their tests. */
export const shippedRules = packageFile('alerts/generated')

/** Every rule under a policy. */
export function alertsOf(context: RuleContext): readonly AlertRule[] {
  return rules.map((define) => define(context))
}

/** The generated files by name: Prometheus rules, and promtool's tests of them. */
export function renderAlerts(options: AlertOptions): ReadonlyMap<string, string> {
  const alerts = alertsOf(options)
  return new Map([
    [rulesFileName, renderRules(alerts, options)],
    [testsFileName, renderRuleTests(alerts, options)],
  ])
}

/**
 * Runs promtool over the rule files in `directory`. Rejects with a usage error when there are none,
 * with an environment error when promtool is not installed.
 */
export async function checkRules(
  directory: string,
): Promise<{ readonly passed: boolean; readonly output: string }> {
  for (const file of [rulesFileName, testsFileName]) {
    if (!existsSync(join(directory, file))) {
      throw usageError(`${directory} holds no ${file}: write one with \`alerts export\`.`)
    }
  }
  const check = await promtool(['check', 'rules', rulesFileName], directory)
  if (!check.passed) return check
  const test = await promtool(['test', 'rules', testsFileName], directory)
  return { passed: test.passed, output: `${check.output}\n${test.output}` }
}
