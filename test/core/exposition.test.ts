import { PrometheusSerializer } from '@opentelemetry/exporter-prometheus'
import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../core/exposition.ts'
import { Histogram } from '../../core/histogram.ts'
import { metrics } from '../../core/metrics.ts'
import { reading, type Reading } from '../../core/reading.ts'

function producerOf(readings: () => readonly Reading[]) {
  return new ReadingProducer({
    readings,
    resource: { 'service.name': 'rerankscope-test' },
    wallSeconds: () => 1000,
  })
}

function rendererOf(readings: () => readonly Reading[]) {
  return new PrometheusRenderer(producerOf(readings))
}

test('renders gauges, counters and histograms with names, help and values of the catalogue', async () => {
  const duration = new Histogram([0.1, 1])
  for (const seconds of [0.05, 0.5, 0.5, 3]) duration.observe(seconds)
  const text = await rendererOf(() => [
    reading(metrics.gpuUtilization, { gpu: '0', gpu_uuid: 'GPU-a' }, 71),
    reading(metrics.pairs, {}, 4500),
    reading(metrics.requestDuration, {}, duration.value()),
  ]).render()
  expect(text).toBe(`# HELP target_info Target metadata
# TYPE target_info gauge
target_info{service_name="rerankscope-test"} 1
# HELP nvidia_smi_gpu_utilization ${metrics.gpuUtilization.help}
# UNIT nvidia_smi_gpu_utilization %
# TYPE nvidia_smi_gpu_utilization gauge
nvidia_smi_gpu_utilization{gpu="0",gpu_uuid="GPU-a"} 71
# HELP reranker_pairs_total ${metrics.pairs.help}
# UNIT reranker_pairs_total {pair}
# TYPE reranker_pairs_total counter
reranker_pairs_total 4500
# HELP reranker_request_duration_seconds ${metrics.requestDuration.help}
# UNIT reranker_request_duration_seconds s
# TYPE reranker_request_duration_seconds histogram
reranker_request_duration_seconds_count 4
reranker_request_duration_seconds_sum 4.05
reranker_request_duration_seconds_bucket{le="0.1"} 1
reranker_request_duration_seconds_bucket{le="1"} 3
reranker_request_duration_seconds_bucket{le="+Inf"} 4
`)
})

test('what is no longer read is no longer rendered', async () => {
  let readings: readonly Reading[] = [reading(metrics.gpuUp, { gpu_uuid: 'GPU-a' }, 1)]
  const renderer = rendererOf(() => readings)
  expect(await renderer.render()).toContain('rerankscope_gpu_up{gpu_uuid="GPU-a"} 1')
  readings = []
  expect(await renderer.render()).not.toContain('gpu_up')
})

test('page after page is what the library writes, whether the series stay, change or go', async () => {
  const up = (gpu_uuid: string, value: number) => reading(metrics.gpuUp, { gpu_uuid }, value)
  const pairs = (value: number) => reading(metrics.pairs, {}, value)
  const duration = (bounds: readonly number[], counts: readonly number[], sum: number) =>
    reading(metrics.requestDuration, {}, { bounds, counts, sum })
  const strange = 'a b\r"c"\\d\n# HELP \u2028 {e="f"} 7'
  const pages: readonly (readonly Reading[])[] = [
    // A family that is not in one place, and names that look like other parts of a page.
    [up('GPU-a', 1), pairs(1), up(strange, 0), duration([0.1, 1], [1, 2, 3], 4.05)],
    [up('GPU-a', 0), pairs(2.5e21), up(strange, 1), duration([0.1, 1], [2, 2, 9], 1e-7)],
    [
      up('GPU-a', -Infinity),
      pairs(Infinity),
      up(strange, Number.NaN),
      duration([0.1, 1], [0, 0, 0], 0),
    ],
    // Other bounds, another label, another metric, another order, fewer, none, and again the first.
    [up('GPU-a', 1), pairs(3), up(strange, 0), duration([0.2, 1], [1, 2, 3], 4)],
    [up('GPU-a', 1), pairs(3), up('GPU-b', 0), duration([0.2, 1], [1, 2, 3], 4)],
    [up('GPU-a', 1), reading(metrics.tokens, {}, 3), up('GPU-b', 0), duration([], [6], 4)],
    [pairs(4), up('GPU-b', 0), up('GPU-a', 1)],
    [pairs(5)],
    [],
    [up('GPU-a', 1), pairs(1), up(strange, 0), duration([0.1, 1], [1, 2, 3], 4.05)],
  ]
  let now: readonly Reading[] = []
  const producer = producerOf(() => now)
  const renderer = new PrometheusRenderer(producer)
  const library = new PrometheusSerializer('', false, undefined, false, true)
  for (now of pages) {
    expect(await renderer.render()).toBe(library.serialize(producer.resourceMetricsOf(now)))
  }
})

test('a failing reading fails the render: a scrape must not answer 200 with old values', async () => {
  const renderer = rendererOf(() => {
    throw new Error('no snapshot')
  })
  await expect(renderer.render()).rejects.toThrow('no snapshot')
})

test('a clock that was set back does not make a point end before it began', async () => {
  let wallSeconds = 1000
  const producer = new ReadingProducer({
    readings: () => [reading(metrics.pairs, {}, 1)],
    resource: {},
    wallSeconds: () => wallSeconds,
  })
  const timesAt = async (seconds: number) => {
    wallSeconds = seconds
    const { resourceMetrics } = await producer.collect()
    const point = resourceMetrics.scopeMetrics[0]?.metrics[0]?.dataPoints[0]
    return [point?.startTime[0], point?.endTime[0]]
  }
  expect(await timesAt(1005)).toEqual([1000, 1005])
  expect(await timesAt(400)).toEqual([400, 400])
})
