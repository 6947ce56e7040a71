import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../../core/exposition.ts'
import { Histogram } from '../../../core/histogram.ts'
import { articleMetricNames, catalogue, metrics } from '../../../core/metrics.ts'
import { bandsOf, policy } from '../../../core/policy.ts'
import {
  emulatedGpuName,
  type GpuInventory,
  type ServingSample,
  type Snapshot,
} from '../../../core/snapshot.ts'
import { readingsOf } from '../../../sidecar/export/readings.ts'
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
const full: Snapshot = {
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

const render = (snapshot: Snapshot) =>
  new PrometheusRenderer(
    new ReadingProducer({
      readings: () => readingsOf(snapshot, { policy, version: '1.2.3' }),
      resource: { 'service.name': 'rerankscope-sidecar' },
      wallSeconds: () => snapshot.takenAtSeconds,
    }),
  ).render()

test('names, types, help and values of everything the sidecar can emit', async () => {
  await expect(await render(full)).toMatchFileSnapshot('../../golden/sidecar.metrics.txt')
})

test('the golden exposition leaves out no metric but those of the reference server alone', () => {
  const emitted = new Set(readingsOf(full, { policy, version: '1' }).map(({ metric }) => metric))
  const missing = catalogue.filter((metric) => !emitted.has(metric)).map(({ name }) => name)
  expect(missing).toEqual([
    metrics.droppedPairs.name,
    metrics.inferenceBusySeconds.name,
    metrics.inferenceResidentBytes.name,
    metrics.inferenceRestarts.name,
    metrics.inferenceMemorySplits.name,
  ])
})

test('every reading has exactly the labels of its metric, and no series comes twice', () => {
  const seen = new Set<string>()
  for (const { metric, labels } of readingsOf(full, { policy, version: '1' })) {
    expect(Object.keys(labels).sort()).toEqual([...metric.labels].sort())
    const series = `${metric.name}${JSON.stringify(labels)}`
    expect(seen).not.toContain(series)
    seen.add(series)
  }
})

test('a GPU that is down has no number, and exactly one state', async () => {
  const lines = (await render(full)).split('\n').filter((line) => line.includes('gpu_uuid="GPU-b"'))
  const names = new Set(lines.map((line) => line.split('{')[0]))
  expect([...names].sort()).toEqual([
    metrics.gpuBusySeconds.name,
    metrics.gpuInfo.name,
    metrics.gpuObservedSeconds.name,
    metrics.gpuState.name,
    metrics.gpuUp.name,
  ])
  const states = lines.filter((line) => line.startsWith(metrics.gpuState.name))
  expect(states.filter((line) => line.endsWith(' 1'))).toEqual([
    `${metrics.gpuState.name}{gpu_uuid="GPU-b",state="lost"} 1`,
  ])
})

test('the four names of the contract carry their labels and values', async () => {
  const text = await render(full)
  const values = text
    .split('\n')
    .filter((line) => articleMetricNames.some((name) => line.startsWith(`${name}{`)))
  expect(values).toEqual([
    'nvidia_smi_gpu_utilization{gpu="0",gpu_uuid="GPU-a"} 7',
    'nvidia_smi_memory_used{gpu="0",gpu_uuid="GPU-a"} 2000000000',
    'nvidia_smi_memory_used{gpu="2",gpu_uuid="EMULATED-0"} 2000000000',
    'qps_current{target="http://127.0.0.1:8080"} 5',
    'reranker_p95_latency{target="http://127.0.0.1:8080"} 0.25',
  ])
})

test('nothing is known: no GPU, no serving figure, and no zero in their place', async () => {
  const text = await render({
    ...full,
    gpus: [],
    serving: undefined,
    proxy: undefined,
    sources: [],
  })
  const names = text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('{')[0])
  expect(new Set(names)).toEqual(
    new Set([
      'target_info',
      metrics.buildInfo.name,
      metrics.guidanceState.name,
      metrics.policyThreshold.name,
    ]),
  )
})
