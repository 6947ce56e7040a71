import { expect, test } from 'vitest'
import type { Observation } from '../../../core/observation.ts'
import { Random } from '../../../loadgen/dataset/random.ts'
import { effectiveSamples } from '../../../loadgen/measure/effective-samples.ts'
import { latencyOf } from '../../../loadgen/measure/latency.ts'
import { percentile, quantileInterval } from '../../../loadgen/measure/percentile.ts'
import { parseSlo } from '../../../loadgen/measure/slo.ts'
import { stepVerdict } from '../../../loadgen/measure/step.ts'

const uniform = (seed: number) => {
  const random = new Random(seed, 'effective')
  return () => random.next()
}
const median = (values: readonly number[]) =>
  percentile(
    values.toSorted((a, b) => a - b),
    0.5,
  )!

test('independent samples count for about as many as there are', () => {
  const counts = Array.from({ length: 20 }, (_, seed) =>
    effectiveSamples(Float64Array.from({ length: 2000 }, uniform(seed))),
  )
  expect(median(counts)).toBeGreaterThan(1700)
  expect(Math.max(...counts)).toBeLessThanOrEqual(2000)
})

test.each([
  [0.5, 2000],
  [0.9, 4000],
  // Read in blocks of neighbours.
  [0.9, 40_000],
])('each of them %d of the one before: (1 − φ) / (1 + φ) of %d', (share, length) => {
  const counts = Array.from({ length: 20 }, (_, seed) => {
    const next = uniform(seed)
    let value = 0
    return effectiveSamples(
      Float64Array.from({ length }, () => (value = share * value + next() - 0.5)),
    )
  })
  const ratio = median(counts) / (((1 - share) / (1 + share)) * length)
  expect(ratio).toBeGreaterThan(0.75)
  expect(ratio).toBeLessThan(1.25)
})

test('no values, one, and values that never change', () => {
  expect(effectiveSamples([])).toBe(0)
  expect(effectiveSamples([3])).toBe(1)
  expect(effectiveSamples([3, 3, 3, 3])).toBe(4)
})

/** Requests that come by chance to a server that takes one at a time, busy for `load` of its time. */
function queueing(seed: number, count: number, load: number): readonly Observation[] {
  const next = uniform(seed)
  let [at, free] = [0, 0]
  return Array.from({ length: count }, (_, index) => {
    at -= (Math.log(1 - next()) * 0.02) / load
    free = Math.max(free, at) + 0.02 * (0.5 + next())
    const times = { intendedSeconds: at, sentSeconds: at, doneSeconds: free }
    return { index, batch: index, documents: 1, outcome: 'ok', ...times }
  })
}
const responsesOf = (observations: readonly Observation[]) =>
  observations.map(({ doneSeconds, intendedSeconds }) => doneSeconds - intendedSeconds)

test('the 95 % interval of p95 holds it in nearly 95 % of runs, although requests wait for each other', () => {
  const truth = percentile(
    responsesOf(queueing(1, 400_000, 0.6)).toSorted((a, b) => a - b),
    0.95,
  )!
  const runs = Array.from({ length: 200 }, (_, seed) =>
    // Written down as they were answered, not as they were due.
    latencyOf(queueing(seed + 2, 1200, 0.6).toReversed()),
  )
  const holding = runs.filter(({ latencySeconds: { response } }) => {
    const [lower, upper] = response.p95Interval!
    return lower <= truth && truth <= upper
  })
  expect(holding.length / runs.length).toBeGreaterThan(0.89)
})

test('where one jam makes up the slow ones, the interval says how little it is sure', () => {
  const jam = Array.from({ length: 200 }, (_, at) => (at < 180 ? 1 + (at % 7) / 100 : at))
  const interval = quantileInterval(jam, 0.95)!
  expect(interval.samples).toBeLessThan(72)
  expect(interval.confidence).toBeLessThan(0.95)
  const { notes } = latencyOf(
    jam.map((seconds, index) => ({
      ...{ index, batch: index, documents: 1, outcome: 'ok' },
      ...{ intendedSeconds: index, sentSeconds: index, doneSeconds: index + seconds },
    })),
  )
  expect(notes).toContainEqual(
    expect.stringMatching(
      /200 samples, which waited for each other and tell as much as \d+ independent/,
    ),
  )
})

test('failures in one row are no proof of a share of failures', () => {
  const failing = (fails: (index: number) => boolean) =>
    queueing(1, 400, 0.1).map((one, index): Observation => ({
      ...one,
      outcome: fails(index) ? 'rejected_429' : 'ok',
    }))
  const verdict = (observations: readonly Observation[]) =>
    stepVerdict(observations, parseSlo('errors=6%')!)
  expect(verdict(failing((index) => index % 10 === 0))).toBe('missed')
  expect(verdict(failing((index) => index < 40))).toBe('undecided')
})
