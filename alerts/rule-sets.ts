import { records, type RecordDefinitions, type RecordingRule } from './records.ts'
import { rules } from './rules/index.ts'
import type { AlertRule, RuleContext, RuleDefinition } from './rules/rule.ts'

/** Rules on one source of metrics. */
export interface RuleSet {
  /** On the command line, and before the names of its files. */
  readonly name: string
  /** What must be scraped for it, for the help and the docs. */
  readonly reads: string
  /** The usual name of the scrape job. */
  readonly job: string
  readonly alerts: readonly RuleDefinition[]
  readonly records: RecordDefinitions
}

/** The rules of a set under a policy. */
export interface Rules {
  /** Of the set. */
  readonly name: string
  readonly alerts: readonly AlertRule[]
  readonly records: readonly RecordingRule[]
}

export const defaultSet: RuleSet = {
  name: 'rerankscope',
  reads: 'the sidecar',
  job: 'rerankscope',
  alerts: rules,
  records,
}

/** Every set. One more = one file in alerts/sets/ and one line here. */
export const ruleSets: readonly [RuleSet, ...RuleSet[]] = [defaultSet]

export function rulesOf({ name, alerts, records: define }: RuleSet, context: RuleContext): Rules {
  return { name, alerts: alerts.map((rule) => rule(context)), records: define(context) }
}

/** What the default set calls a file; the others put their name before it. */
export function fileOf(set: string, file: string): string {
  return set === defaultSet.name ? file : `${set}-${file}`
}
