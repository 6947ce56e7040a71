import { absent } from './absent.ts'
import { batchOutsideBand } from './batch-outside-band.ts'
import { errorBudgetBurn } from './error-budget-burn.ts'
import { errorBudget } from './error-budget.ts'
import { gpuDown } from './gpu-down.ts'
import { gpuMemoryErrors } from './gpu-memory-errors.ts'
import { gpuMemoryHeadroom } from './gpu-memory-headroom.ts'
import { gpuMetricsMissing } from './gpu-metrics-missing.ts'
import { gpuThrottled } from './gpu-throttled.ts'
import { gpuUtilizationHigh } from './gpu-utilization-high.ts'
import { gpuUtilizationLow } from './gpu-utilization-low.ts'
import { gpuUtilizationSkew } from './gpu-utilization-skew.ts'
import { gpuUtilizationWaste } from './gpu-utilization-waste.ts'
import { latencyBudgetBurn } from './latency-budget-burn.ts'
import { latencyBudget } from './latency-budget.ts'
import { loadTest } from './load-test.ts'
import { queueSaturated } from './queue-saturated.ts'
import type { RuleDefinition } from './rule.ts'
import { scaleOutBlocked } from './scale-out-blocked.ts'
import { sidecarDegraded } from './sidecar-degraded.ts'
import { slowWhileGpuIdle } from './slow-while-gpu-idle.ts'
import { sourceDown } from './source-down.ts'
import { targetDown } from './target-down.ts'

/** Every alert, in the order of the generated files. One more = one file, one runbook, one line here. */
export const rules: readonly RuleDefinition[] = [
  latencyBudget,
  errorBudget,
  latencyBudgetBurn,
  errorBudgetBurn,
  targetDown,
  absent,
  sourceDown,
  sidecarDegraded,
  gpuDown,
  gpuMetricsMissing,
  gpuMemoryErrors,
  gpuUtilizationHigh,
  queueSaturated,
  gpuUtilizationSkew,
  gpuMemoryHeadroom,
  gpuThrottled,
  scaleOutBlocked,
  gpuUtilizationLow,
  gpuUtilizationWaste,
  batchOutsideBand,
  slowWhileGpuIdle,
  loadTest,
]
