import type { RecordingRule } from './records.ts'
import type { AlertRule, RuleContext } from './rules/rule.ts'
import { article } from './sets/article.ts'
import { rerankscope } from './sets/rerankscope.ts'
import type { RuleSet } from './sets/set.ts'
import { tei } from './sets/tei.ts'
import { triton } from './sets/triton.ts'
import { vllm } from './sets/vllm.ts'

/** The rules of a set under a policy. */
export interface Rules {
  /** Of the set. */
  readonly name: string
  readonly alerts: readonly AlertRule[]
  readonly records: readonly RecordingRule[]
}

/** Every set, the default first. One more = one file in alerts/sets/ and one line here. */
export const ruleSets: readonly [RuleSet, ...RuleSet[]] = [rerankscope, article, tei, vllm, triton]
export const [defaultSet] = ruleSets

export function rulesOf({ name, alerts, records }: RuleSet, context: RuleContext): Rules {
  return { name, alerts: alerts(context), records: records(context) }
}

/** What the default set calls a file; the others put their name before it. */
export function fileOf(set: string, file: string): string {
  return set === defaultSet.name ? file : `${set}-${file}`
}
