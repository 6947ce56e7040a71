import { present } from '../../core/assert.ts'
import { rules } from '../rules/index.ts'
import type { AlertRule, RuleContext } from '../rules/rule.ts'

/** The sidecar's rule of that name, for its words and numbers: other sets ask the same of other metrics. */
export function like(name: string, context: RuleContext): AlertRule {
  return present(
    rules.map((define) => define(context)).find((rule) => rule.name === name),
    `There is no rule ${name}. This is a bug.`,
  )
}
