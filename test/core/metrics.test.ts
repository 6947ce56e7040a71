import { describe, expect, test } from 'vitest'
import { articleMetricNames, catalogue, durationBounds, metrics } from '../../core/metrics.ts'
import { coarsestBucketRatio } from './support.ts'

const names = catalogue.map(({ name }) => name)

/** Contract §2, written out: a name that is lost here breaks somebody's board. */
const promised = [
  'nvidia_smi_gpu_utilization',
  'nvidia_smi_memory_used',
  'reranker_p95_latency',
  'qps_current',
  ...'info up state utilization_ratio utilization_measurable memory_used_bytes memory_total_bytes power_watts power_limit_watts temperature_celsius sm_clock_hertz throttled busy_seconds_total observed_seconds_total energy_joules_total utilization_band_seconds_total'
    .split(' ')
    .map((name) => `rerankscope_gpu_${name}`),
  ...'requests_total errors_total pairs_total tokens_total truncated_pairs_total request_duration_seconds stage_duration_seconds documents_per_query batch_pairs padding_ratio queue_pairs in_flight_requests cache_hits_total cache_misses_total'
    .split(' ')
    .map((name) => `reranker_${name}`),
  ...'up duration_seconds last_success_timestamp_seconds restarts_total'
    .split(' ')
    .map((name) => `rerankscope_source_${name}`),
  'rerankscope_guidance_state',
  'rerankscope_policy_threshold_ratio',
]

test.each(promised)('%s is in the catalogue', (name) => {
  expect(names).toContain(name)
})

test('the labels that the contract names', () => {
  expect(metrics.gpuUtilization.labels).toEqual(['gpu', 'gpu_uuid'])
  expect(metrics.gpuMemoryUsed.labels).toEqual(['gpu', 'gpu_uuid'])
  expect(metrics.p95Latency.labels).toEqual(['target'])
  expect(metrics.currentQps.labels).toEqual(['target'])
  expect(metrics.gpuBandSeconds.labels).toContain('band')
  expect(metrics.stageDuration.labels).toEqual(['stage'])
  expect(metrics.guidanceState.labels).toContain('state')
  expect(metrics.policyThreshold.labels).toEqual(['name'])
})

test('the four article names are gauges, and the only ones without our prefix', () => {
  expect(articleMetricNames).toEqual(promised.slice(0, 4))
  for (const metric of catalogue) {
    if (articleMetricNames.includes(metric.name)) expect(metric.kind).toBe('gauge')
    else expect(metric.name).toMatch(/^(rerankscope|reranker)_/)
  }
})

test('names are unique', () => {
  expect(new Set(names).size).toBe(names.length)
})

/** UCUM unit → what the name must hold, before `_total` for counters. */
const unitSuffixes: Readonly<Record<string, string>> = {
  s: '_seconds',
  By: '_bytes',
  W: '_watts',
  J: '_joules',
  Cel: '_celsius',
  Hz: '_hertz',
}

describe.each(catalogue)('$name', (metric) => {
  const { name, kind, unit, labels, help, bounds } = metric
  const ofArticle = articleMetricNames.includes(name)

  test('is legal to Prometheus', () => {
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(name).not.toContain('__')
    for (const label of labels) expect(label).toMatch(/^[a-z][a-z0-9_]*$/)
    expect(new Set(labels).size).toBe(labels.length)
    // Prometheus writes these itself.
    for (const taken of ['job', 'instance', 'le', 'quantile']) expect(labels).not.toContain(taken)
  })

  test('ends in _total when, and only when, it counts', () => {
    expect(name.endsWith('_total')).toBe(kind === 'counter')
    expect(name).not.toMatch(/_(bucket|count|sum)$/)
  })

  test('carries its unit last, unless it is one of the article', () => {
    if (ofArticle) return
    const suffix = unitSuffixes[unit]
    if (suffix === undefined) expect(unit).toMatch(/^(1|\{\w+\})$/)
    else expect(name.replace(/_total$/, '')).toMatch(new RegExp(`${suffix}$`))
    if (name.endsWith('_ratio')) expect(unit).toBe('1')
  })

  test('says in a sentence what it is', () => {
    expect(help).toMatch(/^[A-Z\d].{10,}\.$/)
    expect(help).not.toContain('\n')
  })

  test('has bounds when, and only when, it is a histogram, and they rise', () => {
    expect(bounds !== undefined).toBe(kind === 'histogram')
    for (const [at, bound] of (bounds ?? []).entries()) {
      expect(Number.isFinite(bound)).toBe(true)
      if (at > 0) expect(bound).toBeGreaterThan(bounds?.[at - 1] ?? Infinity)
    }
    // OpenTelemetry's default buckets ignore the unit: 50 ms would fall into `le="5"`.
    if (unit === 's' && kind === 'histogram') expect(bounds?.at(-1)).toBeLessThanOrEqual(60)
  })
})

test('request durations: at least 30 bounds from 1 ms to 30 s, none so wide that a quantile is a guess', () => {
  expect(metrics.requestDuration.bounds).toBe(durationBounds)
  expect(durationBounds.length).toBeGreaterThanOrEqual(30)
  expect(durationBounds[0]).toBe(0.001)
  expect(durationBounds.at(-1)).toBe(30)
  expect(coarsestBucketRatio(durationBounds)).toBeLessThanOrEqual(0.25)
})
