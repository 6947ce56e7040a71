import { records } from '../records.ts'
import { rules } from '../rules/index.ts'
import type { RuleSet } from './set.ts'

export const rerankscope: RuleSet = {
  name: 'rerankscope',
  reads: 'the sidecar',
  job: 'rerankscope',
  alerts: (context) => rules.map((rule) => rule(context)),
  records,
}
