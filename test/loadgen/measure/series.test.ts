import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Observation } from '../../../core/observation.ts'
import { seriesOf, seriesStepOf } from '../../../loadgen/measure/series.ts'

const request = (
  intendedSeconds: number,
  latency: number,
  outcome: Observation['outcome'] = 'ok',
): Observation => ({
  index: 0,
  batch: 0,
  documents: 10,
  intendedSeconds,
  sentSeconds: intendedSeconds,
  doneSeconds: intendedSeconds + latency,
  outcome,
})

test('a run of three seconds and a half, worked out by hand', () => {
  const { stepSeconds, points } = seriesOf(
    [request(0, 0.5), request(0.5, 1), request(1, 0.5, 'server_error_5xx'), request(2, 1.5)],
    3.5,
  )
  expect(stepSeconds).toBe(1)
  // The half second at the end joins the third step, which is then 1.5 s long.
  expect(points).toEqual([
    {
      atSeconds: 0,
      offeredQueriesPerSecond: 2,
      achievedQueriesPerSecond: 1,
      failed: 0,
      p50Seconds: 0.75,
      p95Seconds: expect.closeTo(0.975, 9) as number,
      // Half a second of the first, half a second of the second.
      inFlight: 1,
    },
    {
      atSeconds: 1,
      offeredQueriesPerSecond: 1,
      achievedQueriesPerSecond: 1,
      failed: 1,
      p50Seconds: null,
      p95Seconds: null,
      inFlight: 1,
    },
    {
      atSeconds: 2,
      offeredQueriesPerSecond: expect.closeTo(2 / 3, 9) as number,
      achievedQueriesPerSecond: expect.closeTo(2 / 3, 9) as number,
      failed: 0,
      p50Seconds: 1.5,
      p95Seconds: 1.5,
      inFlight: 1,
    },
  ])
})

test.each([
  [30, 1],
  [600, 1],
  [601, 2],
  [3600, 10],
  [43_200, 120],
  [86_400, 144],
])('%d s are cut into steps of %d s', (spanSeconds, step) => {
  expect(seriesStepOf(spanSeconds)).toBe(step)
  const points = seriesOf([request(0, spanSeconds)], spanSeconds).points
  expect(points.length).toBeLessThanOrEqual(600)
  expect(points.every(({ inFlight }) => Math.abs(inFlight - 1) < 1e-9)).toBe(true)
})

test('nothing is lost: rates times widths are the queries, in flight times widths the waiting', () => {
  const arbitrary = fc.record({
    at: fc.double({ min: 0, max: 60, noNaN: true }),
    latency: fc.double({ min: 0, max: 20, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.array(arbitrary, { minLength: 1, maxLength: 60 }), (requests) => {
      const seen = requests.map(({ at, latency }) => request(at, latency))
      const span = Math.max(...seen.map(({ doneSeconds }) => doneSeconds)) + 0.01
      const { points } = seriesOf(seen, span)
      const sum = (of: (point: (typeof points)[number]) => number) =>
        points.reduce((total, point, at) => {
          const end = points[at + 1]?.atSeconds ?? span
          return total + of(point) * (end - point.atSeconds)
        }, 0)
      expect(sum((point) => point.offeredQueriesPerSecond)).toBeCloseTo(seen.length, 6)
      expect(sum((point) => point.achievedQueriesPerSecond)).toBeCloseTo(seen.length, 6)
      expect(sum((point) => point.inFlight)).toBeCloseTo(
        requests.reduce((total, { latency }) => total + latency, 0),
        6,
      )
    }),
    { numRuns: 50 },
  )
})
