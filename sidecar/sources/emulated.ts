import { metrics } from '../../core/metrics.ts'
import { emulatedGpuName, type GpuSample } from '../../core/snapshot.ts'
import { valueOf, type PrometheusPage } from '../normalise/prometheus-text.ts'
import type { GpuSource } from './source.ts'

/**
 * For machines without a GPU: the busy share and the memory of our reference server's inference
 * process, in the place of a device, and called so wherever it is shown.
 */
export const emulated: GpuSource = {
  name: 'emulated',
  available: ({ target }) => target !== undefined,
  create: ({ clock, target }) => ({
    name: 'emulated',
    open: () => {
      if (target === undefined) {
        return Promise.reject(new Error('there is no --target whose work could be emulated.'))
      }
      let earlier: BusyReading | undefined
      return Promise.resolve({
        pace: 'loop' as const,
        async read(signal: AbortSignal) {
          const page = await target.page(signal)
          const later = busyReadingOf(page, clock.monotonicSeconds())
          if (later === undefined) {
            throw new Error(
              `${target.url} shows no ${metrics.inferenceBusySeconds.name}: only rerankscope's reference server can stand in for a GPU. Without nvidia-smi, use --gpu none.`,
            )
          }
          const sample = emulatedGpu(earlier, later)
          earlier = later
          return [sample]
        },
        close: () => undefined,
      })
    },
  }),
}

interface BusyReading {
  readonly atSeconds: number
  readonly busySeconds: number
  readonly residentBytes: number | undefined
}

function busyReadingOf(page: PrometheusPage, atSeconds: number): BusyReading | undefined {
  const busySeconds = valueOf(page, metrics.inferenceBusySeconds.name)
  if (busySeconds === undefined) return undefined
  const residentBytes = valueOf(page, metrics.inferenceResidentBytes.name)
  return { atSeconds, busySeconds, residentBytes }
}

/** Utilisation is the share of the time between two readings in which the process computed. */
export function emulatedGpu(earlier: BusyReading | undefined, later: BusyReading): GpuSample {
  const elapsed = earlier && later.atSeconds - earlier.atSeconds
  const busy = earlier && later.busySeconds - earlier.busySeconds
  // A counter that fell says that the server was started again: nothing is known of the time between.
  const known = elapsed !== undefined && busy !== undefined && elapsed > 0 && busy >= 0
  return {
    uuid: 'EMULATED-0',
    index: '0',
    name: emulatedGpuName,
    kind: 'emulated',
    driverVersion: undefined,
    state: 'ok',
    utilizationMeasurable: true,
    // The counter and the clock are read at slightly different moments.
    utilizationRatio: known ? Math.min(1, busy / elapsed) : undefined,
    memoryUsedBytes: later.residentBytes,
    memoryTotalBytes: undefined,
    powerWatts: undefined,
    powerLimitWatts: undefined,
    temperatureCelsius: undefined,
    smClockHertz: undefined,
    throttled: undefined,
  }
}
