import { describe, expect, test } from 'vitest'
import { metrics } from '../../core/metrics.ts'
import { policy } from '../../core/policy.ts'
import {
  aggregate,
  anyOf,
  arithmetic,
  compare,
  filter,
  growth,
  histogramBuckets,
  histogramCount,
  histogramMean,
  histogramQuantile,
  latest,
  lifetimeQuantile,
  lifetimeTotal,
  numberText,
  overTime,
  resets,
  secondsSince,
  windowText,
  withGpuNames,
  withRunNames,
} from '../../core/promql.ts'
import {
  bandShare,
  errorRatio,
  lasting,
  settledUtilization,
  utilization,
  worstP95,
} from '../../core/queries.ts'

const where = { job: 'rerankscope' }

test('windows in the largest unit that divides them', () => {
  expect([15, 60, 90, 300, 1800, 3600].map(windowText)).toEqual([
    '15s',
    '1m',
    '90s',
    '5m',
    '30m',
    '1h',
  ])
  expect(windowText('$__rate_interval')).toBe('$__rate_interval')
  expect(() => windowText(0)).toThrow('whole seconds')
  expect(() => windowText(1.5)).toThrow('whole seconds')
})

test('one run: its counters begin and end with it', () => {
  const run = { instance: 'a' }
  expect(lifetimeTotal(metrics.loadPairs, '$__range', run).text).toBe(
    'max_over_time(rerankscope_load_pairs_total{instance="a"}[$__range])',
  )
  expect(lifetimeQuantile(0.95, ['instance'], metrics.loadResponseDuration, 300, run).text).toBe(
    'histogram_quantile(0.95, sum by (instance, le) (max_over_time(rerankscope_load_response_duration_seconds_bucket{instance="a"}[5m])))',
  )
  expect(withRunNames(latest(metrics.loadInFlightRequests, run), run).text).toBe(
    'rerankscope_load_in_flight_requests{instance="a"}\n* on (instance) group_left (profile, engine)\nmax by (instance, profile, engine) (rerankscope_load_info{instance="a"})',
  )
  expect(() => lifetimeTotal(metrics.queuePairs, 60)).toThrow('is no counter')
})

test('several gauges at once, and what has another value', () => {
  expect(anyOf([metrics.guidanceState, metrics.modelInfo], { job: 'a' }).text).toBe(
    '{__name__=~"rerankscope_guidance_state|reranker_model_info", job="a"}',
  )
  expect(latest(metrics.gpuInfo, { attribution: { not: 'none' } }).text).toBe(
    'rerankscope_gpu_info{attribution!="none"}',
  )
})

test('restarts, age, means and buckets', () => {
  expect(resets(metrics.requests, 120, where).text).toBe(
    'resets(reranker_requests_total{job="rerankscope"}[2m])',
  )
  expect(() => resets(metrics.queuePairs, 120)).toThrow('is no counter')
  expect(secondsSince(latest(metrics.sourceLastSuccess, where)).text).toBe(
    'time() - rerankscope_source_last_success_timestamp_seconds{job="rerankscope"}',
  )
  expect(histogramMean([], metrics.batchPairs, 60, where).text).toBe(
    'sum (increase(reranker_batch_pairs_sum{job="rerankscope"}[1m]))\n/\nsum (increase(reranker_batch_pairs_count{job="rerankscope"}[1m]))',
  )
  expect(histogramBuckets(metrics.batchPairs, 60, where).text).toBe(
    'sum by (le) (rate(reranker_batch_pairs_bucket{job="rerankscope"}[1m]))',
  )
})

test('numbers without binary noise', () => {
  expect([0.1 + 0.2, 0.9 * 300, 1e-3, 1800].map(numberText)).toEqual([
    '0.3',
    '270',
    '0.001',
    '1800',
  ])
})

describe('selectors', () => {
  test('equality and regular expression, quoted', () => {
    expect(latest(metrics.queuePairs, { job: 'a"b\\c' }).text).toBe(
      'reranker_queue_pairs{job="a\\"b\\\\c"}',
    )
    expect(latest(metrics.gpuUp, { job: { matches: '$job' }, gpu_uuid: 'GPU-a' }).text).toBe(
      'rerankscope_gpu_up{job=~"$job", gpu_uuid="GPU-a"}',
    )
    expect(latest(metrics.queuePairs).text).toBe('reranker_queue_pairs')
  })

  test('only labels of the metric, and what a scrape adds', () => {
    // @ts-expect-error -- the queue has no label gpu_uuid
    latest(metrics.queuePairs, { gpu_uuid: 'GPU-a' })
    // @ts-expect-error -- a label that the series do not carry any more
    aggregate('sum', ['gpu_uuid'], aggregate('sum', ['job'], latest(metrics.gpuUp)))
    expect(latest(metrics.gpuUp).labels).toEqual(['gpu_uuid', 'namespace', 'job', 'instance'])
  })
})

describe('what means nothing is refused', () => {
  test.each([
    ['the rate of a gauge', () => growth('rate', metrics.gpuUtilizationRatio, 60)],
    ['the maximum of a counter', () => overTime('max', metrics.requests, 60)],
    ['the value of a histogram', () => latest(metrics.requestDuration)],
    ['the quantile of a counter', () => histogramQuantile(0.95, [], metrics.requests, 60)],
    ['the observations of a gauge', () => histogramCount(metrics.queuePairs, 60)],
  ])('%s', (_, make) => {
    expect(make).toThrow('This is a bug in rerankscope.')
  })

  test('there is no way to write an average: a mean of p95s or of ratios is a lie', () => {
    // @ts-expect-error -- avg is not offered
    aggregate('avg', [], latest(metrics.p95Latency))
    // @ts-expect-error -- avg is not offered
    overTime('avg', metrics.p95Latency, 60)
    expect(worstP95(['job'], where).text).toBe(
      'max by (job) (reranker_p95_latency{job="rerankscope"})',
    )
  })
})

describe('operators', () => {
  const [a, b] = [latest(metrics.queuePairs), latest(metrics.inFlightRequests)]

  test('an operation inside another stands in parentheses', () => {
    expect(compare(arithmetic(a, '/', b), '>', 0.5).text).toBe(
      '(reranker_queue_pairs\n/\nreranker_in_flight_requests) > 0.5',
    )
    expect(arithmetic(arithmetic(a, '-', 1), '*', 2).text).toBe('(reranker_queue_pairs - 1) * 2')
    expect(aggregate('sum', [], compare(a, '>', 0)).text).toBe('sum (reranker_queue_pairs > 0)')
  })

  test('filters name the labels that match', () => {
    expect(filter(a, 'unless', ['job', 'instance'], b).text).toBe(
      'reranker_queue_pairs\nunless on (job, instance)\nreranker_in_flight_requests',
    )
  })

  test('a query knows every metric that it reads, once', () => {
    const names = errorRatio(['job'], 300).metrics.map(({ name }) => name)
    expect(names).toEqual(['reranker_errors_total', 'reranker_requests_total'])
    expect(bandShare(60).metrics).toEqual([metrics.gpuBandSeconds, metrics.gpuInfo])
  })

  test('GPU names are joined by the GPU and the sidecar that sees it', () => {
    const named = withGpuNames(latest(metrics.gpuPowerWatts))
    expect(named.text).toBe(
      'rerankscope_gpu_power_watts\n* on (gpu_uuid, job, instance) group_left (gpu, name)\nmax by (gpu_uuid, job, instance, gpu, name) (rerankscope_gpu_info{attribution!="none"})',
    )
    expect(named.labels).toContain('name')
  })
})

describe('the figures that boards and alerts share', () => {
  test('utilisation is busy time over observed time', () => {
    expect(utilization(['job'], 60, where).text).toBe(
      ['busy', 'observed']
        .map(
          (what) =>
            `sum by (job) (rate(rerankscope_gpu_${what}_seconds_total{job="rerankscope"}[1m])\nunless on (gpu_uuid, namespace, job, instance)\nrerankscope_gpu_info{job="rerankscope", attribution="none"})`,
        )
        .join('\n/\n'),
    )
  })

  test('settled utilisation asks for the share of the window that the policy demands', () => {
    const { text } = settledUtilization(['job'], policy.scaleIn, policy, where)
    const own = { ...policy, minimumCoverageRatio: 0.5 }
    expect(text.match(/>= 270/g)).toHaveLength(2)
    expect(settledUtilization(['job'], policy.scaleIn, own, where).text).toContain('>= 150')
  })

  test('quantiles keep `le` until the end', () => {
    expect(histogramQuantile(0.95, ['job'], metrics.requestDuration, 300, where).text).toBe(
      'histogram_quantile(0.95, sum by (job, le) (rate(reranker_request_duration_seconds_bucket{job="rerankscope"}[5m])))',
    )
  })

  test('a lasting zero needs a full window and enough samples', () => {
    expect(lasting(0, metrics.gpuUp, policy, where).text).toBe(
      '(max_over_time(rerankscope_gpu_up{job="rerankscope"}[2m]) == 0)\nand on (gpu_uuid, namespace, job, instance)\n(count_over_time(rerankscope_gpu_up{job="rerankscope"}[2m]) >= 4)',
    )
  })
})
