import type { Metric, MetricKind } from '../../core/metrics.ts'
import { reading, readingIfKnown, type Reading } from '../../core/reading.ts'
import type { GpuState, GpuView, Snapshot } from '../../core/snapshot.ts'

/**
 * OpenTelemetry's own names for GPUs, as its semantic conventions for hardware have them. They are in
 * development and may change: that is why they stand here, behind a switch, and not in the catalogue.
 */
function define<const L extends string>(
  name: string,
  kind: MetricKind,
  unit: string,
  labels: readonly L[],
  help: string,
): Metric<'hw.id' | 'hw.name' | L> {
  return { name, kind, unit, labels: ['hw.id', 'hw.name', ...labels], help }
}

const utilization = define(
  'hw.gpu.utilization',
  'gauge',
  '1',
  ['hw.gpu.task'],
  'Fraction of time spent in a specific task.',
)
const memoryUsage = define('hw.gpu.memory.usage', 'upDownCounter', 'By', [], 'GPU memory used.')
const memoryLimit = define(
  'hw.gpu.memory.limit',
  'upDownCounter',
  'By',
  [],
  'Size of the GPU memory.',
)
const memoryUtilization = define(
  'hw.gpu.memory.utilization',
  'gauge',
  '1',
  [],
  'Fraction of GPU memory used.',
)
const power = define(
  'hw.power',
  'gauge',
  'W',
  ['hw.type'],
  'Instantaneous power consumed by the component.',
)
const energy = define('hw.energy', 'counter', 'J', ['hw.type'], 'Energy consumed by the component.')
const temperature = define('hw.temperature', 'gauge', 'Cel', [], 'Temperature in degrees Celsius.')
const status = define(
  'hw.status',
  'upDownCounter',
  '1',
  ['hw.type', 'hw.state'],
  'Operational status: 1 on the state that holds, 0 on the others.',
)

const conditions = ['ok', 'failed'] as const

/** What cannot be looked at is neither ok nor failed. */
const conditionOf: Readonly<Record<GpuState, (typeof conditions)[number] | undefined>> = {
  ok: 'ok',
  lost: 'failed',
  requires_reset: 'failed',
  unknown_error: 'failed',
  vanished: 'failed',
  no_permission: undefined,
  unsupported: undefined,
}

/** The GPUs of a snapshot under `hw.*`; what is unknown is absent, as everywhere. */
export function hardwareReadings({ gpus }: Snapshot): readonly Reading[] {
  return gpus.flatMap(readingsOfOne)
}

function readingsOfOne({ sample, up, integrals }: GpuView): readonly Reading[] {
  const one = { 'hw.id': sample.uuid, 'hw.name': sample.name }
  const typed = { ...one, 'hw.type': 'gpu' }
  const { memoryUsedBytes: used, memoryTotalBytes: total } = sample
  const known = readingIfKnown
  const condition = conditionOf[sample.state]
  return [
    ...(condition === undefined
      ? []
      : conditions.map((state) =>
          reading(status, { ...typed, 'hw.state': state }, state === condition ? 1 : 0),
        )),
    ...known(energy, typed, integrals.energyJoules),
    ...(up
      ? [
          ...known(utilization, { ...one, 'hw.gpu.task': 'general' }, sample.utilizationRatio),
          ...known(memoryUsage, one, used),
          ...known(memoryLimit, one, total),
          ...known(memoryUtilization, one, used === undefined || !total ? undefined : used / total),
          ...known(power, typed, sample.powerWatts),
          ...known(temperature, one, sample.temperatureCelsius),
        ]
      : []),
  ]
}
