import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../../core/exposition.ts'
import { articleMetricNames, catalogue, metrics } from '../../../core/metrics.ts'
import { policy } from '../../../core/policy.ts'
import type { Snapshot } from '../../../core/snapshot.ts'
import { readingsOf } from '../../../sidecar/export/readings.ts'
import { fullSnapshot as full } from './full-snapshot.ts'

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

test('the golden exposition leaves out no metric but those of the reference server and the load generator alone', () => {
  const emitted = new Set(readingsOf(full, { policy, version: '1' }).map(({ metric }) => metric))
  const missing = catalogue
    .map(({ name }) => name)
    .filter((name) => ![...emitted].some((metric) => metric.name === name))
    .filter((name) => !name.startsWith('rerankscope_load_'))
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
