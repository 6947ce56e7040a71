import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bucketBeside,
  crossing,
  humanizeDuration,
  humanizePercentage,
  SeriesWriter,
} from '../../alerts/series.ts'
import { metrics } from '../../core/metrics.ts'

const write = new SeriesWriter({ job: 'j', instance: 'i:1' }, 15)

/** What promtool makes of its notation: one entry a step, `undefined` for a gap. */
function expanded(values: string): readonly (number | undefined)[] {
  return values.split(' ').flatMap((item) => {
    const gap = /^_x(\d+)$/.exec(item)
    if (gap !== null) return Array.from({ length: Number(gap[1]) }, () => undefined)
    const [, start, step, more] = /^([\d.]+)\+([\d.]+)x(\d+)$/.exec(item) ?? []
    return Array.from(
      { length: Number(more) + 1 },
      (_, at) => Math.round((Number(start) + at * Number(step)) * 1e6) / 1e6,
    )
  })
}

describe('SeriesWriter', () => {
  test('a counter grows through its phases, unseen ones too', () => {
    const { series, values } = write.counter(metrics.requests, {}, [
      { seconds: 30, value: 2 },
      { seconds: 30, value: 1, unseen: true },
      { seconds: 15, value: 0 },
      { seconds: 15, value: 4 },
    ])
    expect(series).toBe('reranker_requests_total{job="j", instance="i:1"}')
    expect(expanded(values)).toEqual([0, 30, 60, undefined, undefined, 90, 150])
  })

  test('a gauge holds its value', () => {
    const { series, values } = write.gauge(metrics.gpuUp, { gpu_uuid: 'GPU-a' }, [
      { seconds: 15, value: 1 },
      { seconds: 15, value: 0, unseen: true },
      { seconds: 30, value: 0 },
    ])
    expect(series).toBe('rerankscope_gpu_up{gpu_uuid="GPU-a", job="j", instance="i:1"}')
    expect(expanded(values)).toEqual([1, 1, undefined, 0, 0])
  })

  test('an unobserved GPU grows neither busy nor observed', () => {
    const [busy, observed] = write.gpu('GPU-a', [
      { seconds: 30, utilizationRatio: 0.5 },
      { seconds: 15, utilizationRatio: 0.5, observed: false },
    ])
    expect(expanded(busy?.values ?? '')).toEqual([0, 7.5, 15, 15])
    expect(expanded(observed?.values ?? '')).toEqual([0, 15, 30, 30])
  })

  test('a series has one sample a step from 0 to the end, whatever the phases', () => {
    const phases = fc.array(
      fc.record({
        seconds: fc.integer({ min: 1, max: 600 }),
        value: fc.integer({ max: 9, min: 0 }),
      }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(phases, (each) => {
        const steps = each.reduce((sum, { seconds }) => sum + Math.ceil(seconds / 15), 0)
        const samples = expanded(write.counter(metrics.requests, {}, each).values)
        expect(samples).toHaveLength(steps + 1)
        for (const [at, sample] of samples.slice(1).entries()) {
          expect(sample).toBeGreaterThanOrEqual(samples[at] ?? 0)
        }
      }),
    )
  })
})

test('the crossing lies between the two steps that are named', () => {
  // After 40 s of 60 the mean is 0.2 + (0.8 - 0.2) * 40 / 60 = 0.6.
  expect(crossing({ from: 0.2, to: 0.8, line: 0.6, windowSeconds: 60, stepSeconds: 15 })).toEqual({
    beforeSeconds: 15,
    afterSeconds: 45,
  })
})

test('the bucket beside a value holds it on the side that is asked for', () => {
  expect(bucketBeside(metrics.requestDuration, 'above', 0.5)).toEqual({ lower: 0.5, upper: 0.63 })
  expect(bucketBeside(metrics.requestDuration, 'above', 0.55)).toEqual({ lower: 0.63, upper: 0.79 })
  expect(bucketBeside(metrics.requestDuration, 'below', 0.5)).toEqual({ lower: 0.4, upper: 0.5 })
  expect(() => bucketBeside(metrics.requestDuration, 'above', 99)).toThrow('No bucket')
})

test('values read as Prometheus writes them', () => {
  expect([0.9, 0.30000000000000004, 1].map(humanizePercentage)).toEqual(['90%', '30%', '100%'])
  expect([0.6235, 2].map(humanizeDuration)).toEqual(['623.5ms', '2s'])
})
