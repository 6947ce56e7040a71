import { absent } from './absent.ts'
import { errorBudget } from './error-budget.ts'
import { gpuDown } from './gpu-down.ts'
import { gpuUtilizationHigh } from './gpu-utilization-high.ts'
import { gpuUtilizationLow } from './gpu-utilization-low.ts'
import { gpuUtilizationWaste } from './gpu-utilization-waste.ts'
import { latencyBudget } from './latency-budget.ts'
import type { RuleDefinition } from './rule.ts'
import { sourceDown } from './source-down.ts'
import { targetDown } from './target-down.ts'

/** Every alert, in the order of the generated files. One more = one file, one runbook, one line here. */
export const rules: readonly RuleDefinition[] = [
  latencyBudget,
  errorBudget,
  targetDown,
  absent,
  sourceDown,
  gpuDown,
  gpuUtilizationHigh,
  gpuUtilizationLow,
  gpuUtilizationWaste,
]
