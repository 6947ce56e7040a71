import { metrics } from '../../../core/metrics.ts'
import type { Policy } from '../../../core/policy.ts'
import { aggregate, arithmetic, latest } from '../../../core/promql.ts'
import { formatLine } from '../../../core/units.ts'
import { byGpu, chosenGpu, gaugeByGpu, limitThresholds, notMeasured, type Panel } from '../board.ts'

/** Memory never says to scale in: servers keep what they once took. */

export const memory: Panel = {
  id: 11,
  kind: 'timeseries',
  title: 'Memory',
  shows: 'GPU memory in use, kept by the driver for itself, and installed.',
  whenBad:
    'Near the installed amount: the next large batch may fail. Lower the token budget of a batch.',
  unit: 'bytes',
  width: 14,
  queries: [
    gaugeByGpu(metrics.gpuMemoryUsedBytes, 'used · '),
    gaugeByGpu(metrics.gpuMemoryReservedBytes, 'reserved · '),
    gaugeByGpu(metrics.gpuMemoryTotalBytes, 'installed · '),
  ],
  whenEmpty: notMeasured,
}

const oneGpu = ['gpu_uuid', 'job', 'instance'] as const

export const memoryShare = (policy: Policy): Panel => ({
  id: 12,
  kind: 'timeseries',
  title: 'Share of memory in use',
  shows: 'Memory in use over memory installed, a line a GPU.',
  whenBad: `Over ${formatLine(policy.memory.usedRatio)}: the next large batch may fail. Rising for days: a leak, or growing batches. A steady level just under it is how some servers start: they take nearly all at once.`,
  alerts: ['RerankerGpuMemoryHeadroomLow'],
  unit: 'percentunit',
  width: 10,
  queries: [
    byGpu(
      arithmetic(
        aggregate('max', oneGpu, latest(metrics.gpuMemoryUsedBytes, chosenGpu)),
        '/',
        aggregate('max', oneGpu, latest(metrics.gpuMemoryTotalBytes, chosenGpu)),
      ),
    ),
  ],
  whenEmpty: notMeasured,
  thresholds: limitThresholds(policy.memory.usedRatio),
  maximum: 1,
})

export const migMemory: Panel = {
  id: 13,
  kind: 'timeseries',
  title: 'Memory of MIG devices',
  shows: 'Memory in use and installed of each MIG device. Their utilisation cannot be measured.',
  whenBad: 'Near the installed amount: use a larger slice, or lower the token budget of a batch.',
  unit: 'bytes',
  width: 24,
  queries: [
    {
      query: latest(metrics.gpuMigMemoryUsedBytes, chosenGpu),
      legend: 'used · {{gpu_uuid}} {{gpu_instance}}/{{compute_instance}}',
    },
    {
      query: latest(metrics.gpuMigMemoryTotalBytes, chosenGpu),
      legend: 'installed · {{gpu_uuid}} {{gpu_instance}}/{{compute_instance}}',
    },
  ],
  whenEmpty: 'no MIG',
}
