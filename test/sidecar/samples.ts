import type { GpuSample } from '../../core/snapshot.ts'

/** A healthy GPU of our own, with what a test changes about it. */
export function gpuSample(changes: Partial<GpuSample> = {}): GpuSample {
  return {
    uuid: 'GPU-a',
    index: '0',
    name: 'Test Accelerator',
    kind: 'nvidia',
    driverVersion: '570.10',
    state: 'ok',
    utilizationMeasurable: true,
    utilizationRatio: 0.5,
    memoryUsedBytes: 2_000_000_000,
    memoryTotalBytes: 8_000_000_000,
    powerWatts: 100,
    powerLimitWatts: 200,
    temperatureCelsius: 55,
    smClockHertz: 1.5e9,
    throttled: false,
    ...changes,
  }
}
