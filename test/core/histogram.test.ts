import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { present } from '../../core/assert.ts'
import {
  countOf,
  difference,
  geometricBounds,
  Histogram,
  quantile,
  type HistogramValue,
} from '../../core/histogram.ts'
import { durationBounds } from '../../core/metrics.ts'

function histogramOf(bounds: readonly number[], values: readonly number[]): HistogramValue {
  const histogram = new Histogram(bounds)
  for (const value of values) histogram.observe(value)
  return histogram.value()
}

const bounds = fc
  .uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 20 })
  .map((each) => each.toSorted((a, b) => a - b))
const values = fc.array(fc.double({ min: 0, max: 1200, noNaN: true }), { maxLength: 60 })
const share = fc.double({ min: 0.01, max: 0.99, noNaN: true })

describe('Histogram', () => {
  test('a bound is the inclusive upper edge of its bucket', () => {
    expect(histogramOf([1, 2], [0, 1, 1.5, 2, 2.1, 99])).toEqual({
      bounds: [1, 2],
      counts: [2, 2, 2],
      sum: 105.6,
    })
  })

  test('a value once taken does not change with later observations', () => {
    const histogram = new Histogram([1])
    const before = histogram.value()
    histogram.observe(0.5)
    expect(before).toEqual({ bounds: [1], counts: [0, 0], sum: 0 })
  })

  test('counts every observation where a linear search puts it', () => {
    fc.assert(
      fc.property(bounds, values, (edges, observed) => {
        const { counts } = histogramOf(edges, observed)
        const expected = [...edges, Infinity].map(
          (upper, at) =>
            observed.filter((value) => value <= upper && (at === 0 || value > edges[at - 1]!))
              .length,
        )
        expect(counts).toEqual(expected)
      }),
    )
  })
})

describe('quantile', () => {
  test('interpolates inside the bucket as Prometheus does', () => {
    const histogram = { bounds: [1, 2, 4], counts: [0, 10, 10, 0], sum: 0 }
    expect(quantile(histogram, 0.5)).toEqual({ value: 2, coarse: true })
    expect(quantile(histogram, 0.25)?.value).toBe(1.5)
    expect(quantile(histogram, 0.95)?.value).toBeCloseTo(3.8, 12)
  })

  test('lies in the bucket that holds the observation of that rank', () => {
    fc.assert(
      fc.property(bounds, values, share, (edges, observed, q) => {
        const found = quantile(histogramOf(edges, observed), q)
        if (observed.length === 0) {
          expect(found).toBeUndefined()
          return
        }
        const ranked = observed.toSorted((a, b) => a - b)
        const truth = present(ranked[Math.ceil(q * observed.length) - 1], 'The rank exists.')
        const at = edges.findIndex((edge) => truth <= edge)
        const { value, coarse } = present(found, 'There are observations.')
        if (at < 0) {
          expect({ value, coarse }).toEqual({ value: edges.at(-1), coarse: true })
        } else {
          expect(value).toBeGreaterThanOrEqual(edges[at - 1] ?? 0)
          expect(value).toBeLessThanOrEqual(edges[at] ?? 0)
        }
      }),
    )
  })

  test('never falls when q rises', () => {
    fc.assert(
      fc.property(bounds, values, share, share, (edges, observed, a, b) => {
        const histogram = histogramOf(edges, observed)
        const [low, high] = [
          quantile(histogram, Math.min(a, b)),
          quantile(histogram, Math.max(a, b)),
        ]
        expect(low?.value ?? 0).toBeLessThanOrEqual(high?.value ?? 0)
      }),
    )
  })

  test('the dense bounds of the catalogue give any duration within 15 %, and say that it is no guess', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.00101, max: 30, noNaN: true }), (seconds) => {
        const found = quantile(histogramOf(durationBounds, [seconds]), 0.5)
        expect(found?.coarse).toBe(false)
        expect(Math.abs((found?.value ?? 0) / seconds - 1)).toBeLessThan(0.1501)
      }),
    )
  })

  test.each([
    ['a wide bucket', { bounds: [0.1, 0.5], counts: [0, 9, 0], sum: 0 }],
    [
      'the first bucket: all that is known is the bound above',
      { bounds: [0.5, 0.55], counts: [9, 0, 0], sum: 0 },
    ],
    ['the overflow', { bounds: [0.5, 0.55], counts: [0, 0, 9], sum: 0 }],
  ])('%s is coarse', (_, histogram) => {
    expect(quantile(histogram, 0.5)?.coarse).toBe(true)
  })

  test('a narrow bucket is not', () => {
    expect(quantile({ bounds: [0.5, 0.55], counts: [0, 9, 0], sum: 0 }, 0.5)?.coarse).toBe(false)
  })

  test('without observations or without bounds nothing is known', () => {
    expect(quantile({ bounds: [1], counts: [0, 0], sum: 0 }, 0.5)).toBeUndefined()
    expect(quantile({ bounds: [], counts: [7], sum: 0 }, 0.5)).toBeUndefined()
  })
})

describe('difference', () => {
  test('is what was observed in between', () => {
    fc.assert(
      fc.property(bounds, values, values, (edges, first, second) => {
        const between = difference(
          histogramOf(edges, first),
          histogramOf(edges, [...first, ...second]),
        )
        const expected = histogramOf(edges, second)
        expect(between?.counts).toEqual(expected.counts)
        expect(between?.sum).toBeCloseTo(expected.sum, 6)
      }),
    )
  })

  test('cannot be said after a restart, when a count fell', () => {
    fc.assert(
      fc.property(bounds, values, values, (edges, before, after) => {
        const [earlier, later] = [histogramOf(edges, before), histogramOf(edges, after)]
        const fell = later.counts.some((count, at) => count < (earlier.counts[at] ?? 0))
        expect(difference(earlier, later) === undefined).toBe(fell)
      }),
    )
  })

  test('cannot be said when the bounds changed', () => {
    const value = histogramOf([1, 2], [1])
    expect(difference(value, histogramOf([1, 3], [1, 1]))).toBeUndefined()
    expect(difference(value, histogramOf([1], [1, 1]))).toBeUndefined()
  })

  test('nothing between two equal readings', () => {
    const value = histogramOf([1], [1, 5])
    expect(countOf(present(difference(value, value), 'Equal readings have a difference.'))).toBe(0)
  })
})

describe('geometricBounds', () => {
  test('ten a decade are the Renard series', () => {
    expect(geometricBounds(1, 10, 10)).toEqual([1, 1.3, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 7.9, 10])
  })

  test('rise from the first to the last, however many a decade', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        (per, decades) => {
          const made = geometricBounds(0.001, 0.001 * 10 ** decades, per)
          expect(made[0]).toBe(0.001)
          expect(made.at(-1)).toBe(0.001 * 10 ** decades)
          for (const [at, bound] of made.slice(1).entries()) {
            expect(bound).toBeGreaterThan(made[at] ?? Infinity)
          }
        },
      ),
    )
  })
})
