import fc from 'fast-check'
import { expect, test } from 'vitest'
import { intervalRanks, percentile, quantileInterval } from '../../../loadgen/measure/percentile.ts'

test('interpolates between neighbours: NumPy’s percentile([1, 2, 3, 4], 40) is 2.2', () => {
  expect(percentile([1, 2, 3, 4], 0.4)).toBeCloseTo(2.2, 12)
  expect(percentile([7], 0.95)).toBe(7)
  expect(percentile([], 0.5)).toBeUndefined()
})

test('a serial 300 ms server offered 5/s for 12 s: p50 3.25 s, p95 5.905 s', () => {
  const answers = Array.from({ length: 60 }, (_, k) => 0.3 + 0.1 * k)
  expect(percentile(answers, 0.5)).toBeCloseTo(3.25, 9)
  expect(percentile(answers, 0.95)).toBeCloseTo(5.905, 9)
})

test('lies where brute force puts it: a share q of the gaps between samples is below', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, q) => {
        const sorted = [...values].sort((a, b) => a - b)
        // Walk the polyline through (k / (n − 1), sample k).
        const steps = sorted.length - 1
        let expected = sorted[steps]!
        for (let k = 0; k < steps; k += 1) {
          if (q * steps <= k + 1) {
            expected = sorted[k]! + (q * steps - k) * (sorted[k + 1]! - sorted[k]!)
            break
          }
        }
        expect(percentile(sorted, q)).toBeCloseTo(expected, 6)
      },
    ),
  )
})

/** P(exactly k of n), by multiplication: exact enough for small n. */
function mass(n: number, k: number, p: number): number {
  let result = 1
  for (let i = 0; i < k; i += 1) result *= ((n - i) / (i + 1)) * p
  return result * (1 - p) ** (n - k)
}

test('interval ranks are the tightest whose tails are 2.5 % each, by brute force', () => {
  for (const [n, q] of [
    [100, 0.5],
    [150, 0.95],
    [300, 0.95],
    [80, 0.9],
  ] as const) {
    const cdf = (k: number) =>
      Array.from({ length: k + 1 }, (_, i) => mass(n, i, q)).reduce((a, b) => a + b, 0)
    const [lower, upper] = intervalRanks(n, q).ranks
    expect(cdf(lower - 1)).toBeLessThanOrEqual(0.025)
    expect(cdf(lower)).toBeGreaterThan(0.025)
    expect(cdf(upper - 1)).toBeGreaterThanOrEqual(0.975)
    expect(cdf(upper - 2)).toBeLessThan(0.975)
  }
})

test('300 samples: the interval of p95 spans about the sample’s p92.5 to p97.5', () => {
  const [lower, upper] = intervalRanks(300, 0.95).ranks
  expect(lower / 300).toBeCloseTo(0.925, 2)
  expect(upper / 300).toBeCloseTo(0.975, 2)
})

test('72 samples are enough for 95 %; with far fewer the interval ends at the largest and says so', () => {
  expect(intervalRanks(72, 0.95).ranks[1]).toBe(72)
  expect(intervalRanks(72, 0.95).confidence).toBeGreaterThanOrEqual(0.95)
  expect(intervalRanks(50, 0.95).ranks[1]).toBe(50)
  // All fifty lie below the quantile in 0.95^50 of all cases, and then the interval misses it.
  expect(intervalRanks(50, 0.95).confidence).toBeLessThan(1 - 0.95 ** 50)
  expect(intervalRanks(50, 0.95).confidence).toBeGreaterThan(1 - 0.95 ** 50 - 0.025)
  // The quantile lies between the second and the third of three when exactly two are below it.
  const few = quantileInterval([1, 2, 3], 0.95)!
  expect(few.bounds).toEqual([2, 3])
  expect(few.confidence).toBeCloseTo(3 * 0.95 ** 2 * 0.05, 12)
  expect(quantileInterval([], 0.95)).toBeUndefined()
  expect(quantileInterval([7], 0.95)).toEqual({
    ...{ bounds: [7, 7], confidence: 0, samples: 1 },
  })
})

test('large counts neither overflow nor vanish', () => {
  const [lower, upper] = intervalRanks(100_000, 0.95).ranks
  expect(lower).toBeGreaterThan(94_800)
  expect(upper).toBeLessThan(95_200)
})
