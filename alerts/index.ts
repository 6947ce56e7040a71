import { existsSync, readdirSync } from 'node:fs'
import { present } from '../core/assert.ts'
import { usageError } from '../core/errors.ts'
import { provisionedDataSource } from '../core/grafana.ts'
import { packageFile } from '../core/program.ts'
import type { AlertForm, FormContext } from './forms/form.ts'
import { forms } from './forms/index.ts'
import { rulesFileName, testsFileName } from './forms/prometheus.ts'
import { promtool } from './promtool.ts'
import type { RecordingRule } from './records.ts'
import { defaultSet, rulesOf, ruleSets } from './rule-sets.ts'
import type { AlertRule, RuleContext } from './rules/rule.ts'
import type { RuleSet } from './sets/set.ts'

export * as autoscaling from './autoscaling/index.ts'
export { renderRunbooks } from './runbooks.ts'

export interface AlertOptions extends FormContext {
  /** A member of `ruleSetChoices`; the sidecar's without it. */
  readonly set?: string
  /** A member of `formChoices`; Prometheus' without it. */
  readonly form?: string
}

/** What the committed files are made with. Runbooks lie beside the exported files. */
export const alertDefaults = {
  job: defaultSet.job,
  runbookBase: 'runbooks/',
  dashboardBase: '',
  datasourceUid: provisionedDataSource,
  objectLabels: {},
} as const

type RuleSetChoice = Pick<RuleSet, 'name' | 'reads' | 'job'>
type FormChoice = Pick<AlertForm, 'name' | 'writes'>

/** The values of `--rules` and `--format`, with a word on each. */
export const ruleSetChoices: readonly [RuleSetChoice, ...RuleSetChoice[]] = ruleSets
export const formChoices: readonly [FormChoice, ...FormChoice[]] = forms

/** The folder that ships: rules in every form, and their tests. */
export const shippedRules = packageFile('alerts/generated')

/** Every rule of a set under a policy. */
export function alertsOf(context: RuleContext, set?: string): readonly AlertRule[] {
  return rulesOf(memberOf(ruleSets, set), context).alerts
}

/** One of each name, of whichever set: what runbooks are about. */
export function everyAlert(context: RuleContext): readonly AlertRule[] {
  const alerts = ruleSets.flatMap((set) => set.alerts(context))
  return [...new Map(alerts.toReversed().map((alert) => [alert.name, alert])).values()]
}

/** The recorded figures of a set: what, and from which metrics. */
export function recordsOf(context: RuleContext, set?: string): readonly RecordingRule[] {
  return rulesOf(memberOf(ruleSets, set), context).records
}

/** A set's files in one form, by name. */
export function renderAlerts(options: AlertOptions): ReadonlyMap<string, string> {
  const rules = rulesOf(memberOf(ruleSets, options.set), options)
  return memberOf(forms, options.form).render(rules, options)
}

function memberOf<T extends { readonly name: string }>(
  members: readonly [T, ...T[]],
  name = members[0].name,
): T {
  return present(
    members.find((each) => each.name === name),
    `${name} is none of ${members.map((each) => each.name).join(', ')}. This is a bug.`,
  )
}

/** The files that are committed: every set for Prometheus, the sidecar's in every form. */
export function renderShipped(options: AlertOptions): ReadonlyMap<string, string> {
  return new Map([
    ...forms.flatMap(({ name }) => [...renderAlerts({ ...options, form: name })]),
    ...ruleSetChoices.flatMap(({ name, job }) => [...renderAlerts({ ...options, set: name, job })]),
  ])
}

/**
 * Runs promtool over the rule files in `directory`. Rejects with a usage error when there are none,
 * with an environment error when promtool is not installed.
 */
export async function checkRules(
  directory: string,
): Promise<{ readonly passed: boolean; readonly output: string }> {
  const files = existsSync(directory) ? readdirSync(directory).sort() : []
  const named = (file: string) => files.filter((name) => name.endsWith(file))
  for (const file of [rulesFileName, testsFileName]) {
    if (named(file).length === 0) {
      throw usageError(`${directory} holds no ${file}: write one with \`alerts export\`.`)
    }
  }
  const check = await promtool(['check', 'rules', ...named(rulesFileName)], directory)
  if (!check.passed) return check
  // One at a time: all of them take minutes, and promtool has a limit for each run.
  const results = [check]
  for (const file of named(testsFileName)) {
    results.push(await promtool(['test', 'rules', file], directory))
  }
  return {
    passed: results.every(({ passed }) => passed),
    output: results.map(({ output }) => output).join('\n'),
  }
}
