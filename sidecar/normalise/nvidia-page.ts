import type { GpuSample } from '../../core/snapshot.ts'
import { bytesPerMib } from '../../core/units.ts'
import type { PrometheusPage } from './prometheus-text.ts'

type Figure =
  | 'utilizationRatio'
  | 'memoryUsedBytes'
  | 'memoryFreeBytes'
  | 'memoryReservedBytes'
  | 'memoryTotalBytes'
  | 'powerWatts'
  | 'powerLimitWatts'
  | 'temperatureCelsius'
  | 'smClockHertz'

/** Name, what it is, and the factor to our unit: dcgm-exporter up to 4.8, and Triton. */
const figures: readonly (readonly [string, Figure, number])[] = [
  ['DCGM_FI_DEV_GPU_UTIL', 'utilizationRatio', 0.01],
  ['DCGM_FI_DEV_FB_USED', 'memoryUsedBytes', bytesPerMib],
  ['DCGM_FI_DEV_FB_FREE', 'memoryFreeBytes', bytesPerMib],
  ['DCGM_FI_DEV_FB_RESERVED', 'memoryReservedBytes', bytesPerMib],
  ['DCGM_FI_DEV_POWER_USAGE', 'powerWatts', 1],
  ['DCGM_FI_DEV_GPU_TEMP', 'temperatureCelsius', 1],
  ['DCGM_FI_DEV_SM_CLOCK', 'smClockHertz', 1e6],
  ['nv_gpu_utilization', 'utilizationRatio', 1],
  ['nv_gpu_memory_used_bytes', 'memoryUsedBytes', 1],
  ['nv_gpu_memory_total_bytes', 'memoryTotalBytes', 1],
  ['nv_gpu_power_usage', 'powerWatts', 1],
  ['nv_gpu_power_limit', 'powerLimitWatts', 1],
]

/** What cannot be is unknown: DCGM writes 2^63 − 14 and the like where it has no figure. */
const highest: Readonly<Record<Figure, number>> = {
  utilizationRatio: 1,
  memoryUsedBytes: 2 ** 46,
  memoryFreeBytes: 2 ** 46,
  memoryReservedBytes: 2 ** 46,
  memoryTotalBytes: 2 ** 46,
  powerWatts: 100_000,
  powerLimitWatts: 100_000,
  temperatureCelsius: 200,
  smClockHertz: 1e10,
}

const maximumGpus = 256

interface Found {
  readonly labels: ReadonlyMap<string, string>
  readonly values: Partial<Record<Figure, number>>
}

/** The GPUs on the metrics page of dcgm-exporter or of Triton; empty where it tells of none. Pure. */
export function gpusOnPage(page: PrometheusPage): readonly GpuSample[] {
  const found = new Map<string, Found>()
  for (const [name, figure, factor] of figures) {
    for (const { labels, value } of page.samples.get(name) ?? []) {
      const uuid = labels.get('UUID') ?? labels.get('gpu_uuid')
      // A slice under MIG is not the GPU: the row without an instance is.
      if (uuid === undefined || (labels.get('GPU_I_ID') ?? '') !== '') continue
      const gpu = found.get(uuid) ?? { labels, values: {} }
      if (found.size < maximumGpus) found.set(uuid, gpu)
      const scaled = value * factor
      // Where pods share a GPU its figures come once for each of them.
      if (scaled >= 0 && scaled <= highest[figure]) gpu.values[figure] ??= scaled
    }
  }
  return [...found].map(([uuid, gpu], at) => sampleOf(uuid, gpu, String(at)))
}

function sampleOf(uuid: string, { labels, values }: Found, index: string): GpuSample {
  const { memoryUsedBytes: used, memoryFreeBytes: free, memoryReservedBytes = 0 } = values
  const sum =
    used === undefined || free === undefined ? undefined : used + free + memoryReservedBytes
  const memoryTotalBytes = values.memoryTotalBytes ?? sum
  return {
    uuid,
    index: labels.get('gpu') ?? index,
    name: labels.get('modelName') ?? 'unknown',
    kind: 'nvidia',
    driverVersion: labels.get('DCGM_FI_DRIVER_VERSION'),
    state: 'ok',
    utilizationMeasurable: values.utilizationRatio !== undefined,
    utilizationRatio: values.utilizationRatio,
    memoryUsedBytes: used !== undefined && used <= (memoryTotalBytes ?? used) ? used : undefined,
    memoryTotalBytes,
    powerWatts: values.powerWatts,
    powerLimitWatts: values.powerLimitWatts,
    temperatureCelsius: values.temperatureCelsius,
    smClockHertz: values.smClockHertz,
    throttled: undefined,
  }
}
