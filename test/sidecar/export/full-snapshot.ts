import { Histogram } from '../../../core/histogram.ts'
import { metrics } from '../../../core/metrics.ts'
import { bandsOf, policy } from '../../../core/policy.ts'
import {
  emulatedGpuName,
  type GpuInventory,
  type ServingSample,
  type Snapshot,
} from '../../../core/snapshot.ts'
import { gpuSample } from '../samples.ts'

function histogram(bounds: readonly number[] | undefined, ...values: readonly number[]) {
  const result = new Histogram(bounds ?? [])
  for (const value of values) result.observe(value)
  return result.value()
}

const serving: ServingSample = {
  server: 'rerankscope',
  model: 'embedded',
  dtype: 'fp32',
  device: 'cpu',
  requests: 120,
  queries: 121,
  errors: { overloaded: 2, backend: 0 },
  pairs: 3600,
  failedPairs: { dropped: 5 },
  tokens: 250_000,
  truncatedPairs: 4,
  requestDuration: histogram(metrics.requestDuration.bounds, 0.02, 0.02, 0.3),
  shapes: { '1_10': histogram(metrics.shapeDuration.bounds, 0.01) },
  pairDuration: histogram(metrics.pairDuration.bounds, 0.015),
  stages: { tokenise: histogram(metrics.stageDuration.bounds, 0.002) },
  documentsPerQuery: histogram(metrics.documentsPerQuery.bounds, 10, 50),
  batchPairs: histogram(metrics.batchPairs.bounds, 8),
  paddingRatio: histogram(metrics.paddingRatio.bounds, 0.04),
  queuePairs: 16,
  queueRequests: 2,
  inFlightRequests: 3,
  inFlightPairs: 8,
  cacheHits: { score: 9 },
  cacheMisses: { score: 1 },
}

const [bandA = '', bandB = '', bandC = '', bandD = ''] = bandsOf(policy).map(({ name }) => name)

const inventory: GpuInventory = {
  uuid: 'GPU-a',
  pciBusId: '00000000:3A:00.0',
  architecture: 'Test',
  cudaVersion: '13.0',
  virtualization: 'none',
  mig: true,
  memory: 'dedicated',
  memoryReservedBytes: 500_000_000,
  powerLimitMaximumWatts: 250,
  eccErrors: { corrected: 3, uncorrected: 1 },
  recoveryAction: 'reset',
  migDevices: [
    { gpuInstance: '1', computeInstance: '0', memoryUsedBytes: 1e9, memoryTotalBytes: 4e9 },
    { gpuInstance: '2', computeInstance: '0', memoryUsedBytes: undefined, memoryTotalBytes: 4e9 },
  ],
  processes: [],
  processCount: 2,
}

/** Holds at least one value of every metric that the sidecar can emit. */
export const fullSnapshot: Snapshot = {
  schema: 'rerankscope.snapshot/1',
  takenAtSeconds: 1_800_000_000,
  target: 'http://127.0.0.1:8080',
  gpus: [
    {
      sample: gpuSample({
        utilizationRatio: 0.07,
        throttled: true,
        throttleReasons: { sw_power_cap: true, hw_thermal_slowdown: false },
      }),
      up: true,
      attribution: 'environment',
      inventory,
      integrals: {
        busySeconds: 30.5,
        observedSeconds: 61,
        energyJoules: 6100,
        bandSeconds: { [bandA]: 20, [bandB]: 11, [bandC]: 10, [bandD]: 20 },
      },
    },
    {
      sample: gpuSample({ uuid: 'GPU-b', index: '1', name: 'Quote " and \\', state: 'lost' }),
      up: false,
      attribution: 'none',
      integrals: { busySeconds: 0, observedSeconds: 0, energyJoules: undefined, bandSeconds: {} },
    },
    {
      sample: gpuSample({
        uuid: 'EMULATED-0',
        index: '2',
        name: emulatedGpuName,
        kind: 'emulated',
        driverVersion: undefined,
        utilizationMeasurable: false,
        utilizationRatio: undefined,
        memoryTotalBytes: undefined,
        powerWatts: undefined,
        powerLimitWatts: undefined,
        temperatureCelsius: undefined,
        smClockHertz: undefined,
        throttled: undefined,
      }),
      up: true,
      attribution: 'process',
      integrals: { busySeconds: 0, observedSeconds: 0, energyJoules: undefined, bandSeconds: {} },
    },
  ],
  serving: {
    sample: serving,
    queriesPerSecond: 5,
    pairsPerSecond: 150,
    p95: { seconds: 0.25, coarse: false, of: 'request' as const },
  },
  proxy: { connections: 4, unread: { request: 1, connection: 0, refused: 2 } },
  sources: [
    {
      name: 'nvidia-smi',
      up: true,
      reason: undefined,
      durationSeconds: 1,
      lastSuccessSeconds: 1_799_999_999.5,
      restarts: 1,
      droppedLines: 3,
    },
    {
      name: 'serving',
      up: false,
      reason: 'gone',
      // Known from before, and not shown of a source that is down.
      durationSeconds: 0.25,
      lastSuccessSeconds: undefined,
      restarts: 0,
    },
  ],
  guidance: { state: 'healthy', reasons: ['fine'], recommendation: 'Nothing to do.' },
}
