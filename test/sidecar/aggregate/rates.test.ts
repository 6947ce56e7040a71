import fc from 'fast-check'
import { expect, test } from 'vitest'
import { histogramIncrease, increase, ServingHistory } from '../../../sidecar/aggregate/rates.ts'

const bounds = [0.1, 0.2, 0.4]
const histogram = (...counts: readonly number[]) => ({ bounds, counts, sum: 0 })

test('a counter that falls was reset, and has grown by at least what it says now', () => {
  expect(increase([10, 15, 3, 4])).toBe(9)
  expect(increase([5])).toBe(0)
  expect(increase([5, undefined, 6])).toBeUndefined()
})

test('queries a second are those of the last 15 s', () => {
  const history = new ServingHistory(1)
  for (let second = 0; second <= 100; second += 1) {
    history.add(second, { requests: second < 85 ? 0 : (second - 85) * 4, pairs: second * 100 })
  }
  expect(history.rate('requests')).toBe(4)
  expect(history.rate('pairs')).toBe(100)
})

test('a reset inside the window costs what came before it, not more', () => {
  const history = new ServingHistory(1)
  for (let second = 0; second <= 15; second += 1) {
    history.add(second, { requests: second < 10 ? 1000 + second * 2 : (second - 10) * 2 })
  }
  // 18 before the reset, 10 after it; the two of the reset's own second are lost.
  expect(history.rate('requests')).toBeCloseTo(28 / 15, 9)
})

test('one reading is no rate; two are one, over the time between them', () => {
  const history = new ServingHistory(1)
  expect(history.rate('requests')).toBeUndefined()
  history.add(7, { requests: 100 })
  expect(history.rate('requests')).toBeUndefined()
  history.add(9, { requests: 110 })
  expect(history.rate('requests')).toBe(5)
})

test.each([20, 30, 60])(
  'an interval of %d s, longer than the window, still gives a rate',
  (step) => {
    const history = new ServingHistory(step)
    for (const [at, second] of [0, step + 0.1, 2 * step + 0.05, 3 * step + 0.2].entries()) {
      history.add(second, { requests: second * 3 })
      if (at > 0) expect(history.rate('requests')).toBeCloseTo(3, 9)
    }
  },
)

test('p95 of the last minute, from buckets worked out by hand', () => {
  const history = new ServingHistory(1)
  history.add(0, { requestDuration: histogram(1000, 0, 0, 0) })
  history.add(59, { requestDuration: histogram(1000, 0, 0, 0) })
  // 90 more up to 0.1 s and 10 up to 0.2 s: the 95th of 100 is half way through the second bucket.
  history.add(60, { requestDuration: histogram(1090, 10, 0, 0) })
  expect(history.p95()).toEqual({
    value: expect.closeTo(0.15, 9) as number,
    coarse: true,
    of: 'request',
  })
})

test('p95 forgets what is older than a minute', () => {
  const history = new ServingHistory(1)
  for (let second = 0; second <= 130; second += 1) {
    history.add(second, {
      requestDuration: histogram(0, second, second <= 60 ? 5 * second : 300, 0),
    })
  }
  expect(history.p95()?.value).toBeCloseTo(0.1 + 0.1 * 0.95, 9)
})

test('after a restart of the server p95 counts the new answers, not negative ones', () => {
  const history = new ServingHistory(1)
  history.add(0, { requestDuration: histogram(500, 0, 0, 0) })
  history.add(1, { requestDuration: histogram(500, 0, 100, 0) })
  history.add(2, { requestDuration: histogram(0, 0, 100, 0) })
  expect(history.p95()?.value).toBeCloseTo(0.2 + 0.2 * 0.95, 9)
})

test('a server that comes back with as many other buckets is judged by those alone', () => {
  const history = new ServingHistory(1)
  history.add(0, { requestDuration: histogram(0, 0, 0, 0) })
  history.add(1, { requestDuration: histogram(900, 0, 0, 0) })
  history.add(2, { requestDuration: { bounds: [1, 2, 4], counts: [0, 100, 0, 0], sum: 0 } })
  expect(history.p95()?.value).toBeCloseTo(1.95, 9)
})

test('nothing answered: a rate of 0, and no p95', () => {
  const history = new ServingHistory(1)
  history.add(0, { requests: 5, requestDuration: histogram(5, 0, 0, 0) })
  history.add(1, { requests: 5, requestDuration: histogram(5, 0, 0, 0) })
  expect(history.rate('requests')).toBe(0)
  expect(history.p95()).toBeUndefined()
})

test('a server without the figures has no rates', () => {
  const history = new ServingHistory(1)
  history.add(0, {})
  history.add(1, {})
  expect(history.rate('requests')).toBeUndefined()
  expect(history.p95()).toBeUndefined()
})

test('where the buckets of requests are too wide, p95 is that of pairs and says so', () => {
  const history = new ServingHistory(1)
  const at = (pairs: number) => ({
    requestDuration: { bounds: [0.1, 0.5], counts: [pairs / 10, 0, 0], sum: 0 },
    pairDuration: { bounds: [0.05, 0.06], counts: [0, pairs, 0], sum: 0 },
  })
  history.add(0, at(0))
  history.add(10, at(100))
  expect(history.p95()).toEqual({
    value: expect.closeTo(0.0595, 9) as number,
    coarse: true,
    of: 'pair',
  })
})

test('what a histogram grew by is the sum over every pair of readings, whenever the source restarts', () => {
  const counts = fc.array(fc.nat(20), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(fc.array(counts, { minLength: 2, maxLength: 12 }), (readings) => {
      const pairs = readings.slice(1).map((later, at) => {
        const grown = later.map((count, bucket) => count - (readings[at]?.[bucket] ?? 0))
        return grown.some((count) => count < 0) ? later : grown
      })
      const expected = [0, 1, 2].map((bucket) =>
        pairs.reduce((total, grown) => total + (grown[bucket] ?? 0), 0),
      )
      const values = readings.map((each) => ({ bounds: [1, 2], counts: each, sum: 0 }))
      expect(histogramIncrease(values)?.counts).toEqual(expected)
    }),
  )
})
