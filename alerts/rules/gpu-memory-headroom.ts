import { metrics } from '../../core/metrics.ts'
import { memoryHeadroom } from '../shapes/memory-headroom.ts'
import type { RuleDefinition } from './rule.ts'

export const gpuMemoryHeadroom: RuleDefinition = (context) =>
  memoryHeadroom(context, { used: metrics.gpuMemoryUsedBytes, total: metrics.gpuMemoryTotalBytes })
