import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exitCodes } from '../../../core/errors.ts'
import type { TraceRequest } from '../../../core/trace.ts'
import { arrivalKinds, type Arrivals } from '../../../loadgen/plan/arrivals/index.ts'
import { planOf } from '../../../loadgen/plan/plan.ts'
import type { Profile } from '../../../loadgen/plan/profile.ts'
import {
  maximumRequests,
  ownScheduleSeconds,
  scheduleOf,
  type Scaling,
} from '../../../loadgen/plan/schedule.ts'

const profileOf = (arrivals: Profile['arrivals'], queriesPerBatch = 1): Profile => ({
  name: 'tested',
  summary: '',
  arrivals,
  queriesPerBatch,
  shapes: { documents: [1] },
})
const made = (profile: Profile, given: Partial<Scaling> = {}) =>
  scheduleOf(profile, { seconds: 100, timeScale: 1, rateScale: 1, seed: 1, ...given })
const timesOf = (profile: Profile, given: Partial<Scaling> = {}) =>
  made(profile, given).due.map(({ seconds }) => seconds)
const between = (times: readonly number[], from: number, to: number) =>
  times.filter((time) => time >= from && time < to).length

/** Parameters of each kind, with the queries a second that they mean over 100 s. */
const samples: readonly (readonly [Arrivals, number])[] = [
  [{ kind: 'constant', queriesPerSecond: 20 }, 20],
  [{ kind: 'poisson', queriesPerSecond: 20 }, 20],
  [{ kind: 'gamma', queriesPerSecond: 20, shape: 0.5 }, 20],
  [{ kind: 'gamma', queriesPerSecond: 20, shape: 8 }, 20],
  [{ kind: 'ramp', fromQueriesPerSecond: 0, toQueriesPerSecond: 40, spacing: 'even' }, 20],
  [{ kind: 'ramp', fromQueriesPerSecond: 30, toQueriesPerSecond: 10, spacing: 'poisson' }, 20],
  [
    {
      kind: 'steps',
      steps: [
        { queriesPerSecond: 10, seconds: 50 },
        { queriesPerSecond: 30, seconds: 50 },
      ],
      spacing: 'even',
    },
    20,
  ],
  [
    {
      kind: 'burst',
      queriesPerSecond: 10,
      burstQueriesPerSecond: 60,
      everySeconds: 10,
      burstSeconds: 2,
      spacing: 'even',
    },
    20,
  ],
]

test('every kind of arrivals is tested here', () => {
  expect(new Set(samples.map(([{ kind }]) => kind))).toEqual(
    new Set(arrivalKinds.map(({ kind }) => kind)),
  )
})

describe.each(samples)('%j', (arrivals, mean) => {
  test('rises, stays within the schedule, is the same for a seed, and has its mean rate', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 8 }), (seed, queriesPerBatch) => {
        const profile = profileOf(arrivals, queriesPerBatch)
        const times = timesOf(profile, { seed })
        expect(times).toEqual([...times].sort((a, b) => a - b))
        expect(times[0]).toBeGreaterThanOrEqual(0)
        expect(times.at(-1)).toBeLessThan(made(profile, { seed }).scheduledSeconds)
        expect(timesOf(profile, { seed })).toEqual(times)
        const expected = (mean * 100) / queriesPerBatch
        // Evenly spaced: exact but for the last gap. Random: six standard deviations, shape 0.5 doubling the variance.
        const allowed = isEven(arrivals) ? 1 : 6 * Math.sqrt(2 * expected)
        expect(Math.abs(times.length - expected)).toBeLessThanOrEqual(allowed)
      }),
      { numRuns: 15 },
    )
  })

  test('the rate scale multiplies the queries, the time scale stretches their times', () => {
    const profile = profileOf(arrivals)
    const times = timesOf(profile)
    const ratio = timesOf(profile, { rateScale: 3 }).length / times.length
    expect(Math.abs(ratio - 3)).toBeLessThan(isEven(arrivals) ? 0.01 : 0.5)
    const stretched = timesOf(profile, { seconds: 200, timeScale: 2 })
    expect(stretched).toHaveLength(times.length)
    for (const [at, time] of stretched.entries()) expect(time).toBeCloseTo(times[at]! * 2, 5)
  })
})

function isEven(arrivals: Arrivals): boolean {
  return arrivals.kind === 'constant' || ('spacing' in arrivals && arrivals.spacing === 'even')
}

test('Poisson gaps vary as much as their mean; gamma gaps by one over the root of the shape', () => {
  const variationOf = (arrivals: Arrivals) => {
    const times = timesOf(profileOf(arrivals), { seconds: 2000 })
    const gaps = times.slice(1).map((time, at) => time - times[at]!)
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length
    return Math.sqrt(variance) / mean
  }
  const queriesPerSecond = 10
  expect(variationOf({ kind: 'constant', queriesPerSecond })).toBeCloseTo(0, 4)
  expect(variationOf({ kind: 'poisson', queriesPerSecond })).toBeCloseTo(1, 1)
  expect(variationOf({ kind: 'gamma', queriesPerSecond, shape: 4 })).toBeCloseTo(0.5, 1)
  expect(Math.abs(variationOf({ kind: 'gamma', queriesPerSecond, shape: 0.25 }) - 2)).toBeLessThan(
    0.15,
  )
})

test('a ramp grows as the square of time, steps and bursts keep their windows', () => {
  const ramp = timesOf(profileOf(samples[4]![0]))
  expect(between(ramp, 0, 50)).toBe(500)
  expect(between(ramp, 50, 100)).toBe(1500)
  const steps = timesOf(profileOf(samples[6]![0]))
  expect([between(steps, 0, 50), between(steps, 50, 100)]).toEqual([500, 1500])
  const burst = timesOf(profileOf(samples[7]![0]))
  for (let from = 0; from < 100; from += 10) {
    expect(between(burst, from, from + 8 - 1e-6)).toBe(80)
    expect(between(burst, from + 8 - 1e-6, from + 10 - 1e-6)).toBe(120)
  }
})

test('steps are as long as they say; longer, the last is held, shorter, they are cut', () => {
  const profile = profileOf(samples[6]![0])
  expect(ownScheduleSeconds(profile, 0.5)).toBe(50)
  expect(between(timesOf(profile, { seconds: 150 }), 100, 150)).toBe(1500)
  expect(timesOf(profile, { seconds: 20 })).toHaveLength(200)
  expect(ownScheduleSeconds(profileOf(samples[0]![0]), 0.5)).toBe(30)
})

describe('a recording', () => {
  const request = (offsetSeconds: number): TraceRequest => ({
    offsetSeconds,
    queries: 1,
    documents: 3,
  })
  const requests = [0, 1, 1, 4, 9].map(request)
  const profile = profileOf({ kind: 'trace', file: 'recorded', hasShapes: true, requests })
  const all = { seconds: ownScheduleSeconds(profile, 1) }

  test('is replayed at its own times and ends one mean gap after its last request', () => {
    expect(all.seconds).toBe(9 + 9 / 4)
    expect(timesOf(profile, all)).toEqual([0, 1, 1, 4, 9])
    expect(made(profile, all).due.map(({ recorded }) => recorded)).toEqual(requests)
    expect(timesOf(profile, { seconds: 4 })).toEqual([0, 1, 1])
    expect(timesOf(profile, { seconds: 5, timeScale: 0.5 })).toEqual([0, 0.5, 0.5, 2, 4.5])
  })

  test('at twice the rate each request has a copy on the way to the next', () => {
    const twice = timesOf(profile, { ...all, rateScale: 2 })
    expect(twice).toEqual([0, 0.5, 1, 1, 1, 2.5, 4, 6.5, 9, 9])
  })

  describe('with groups', () => {
    const grouped = (offsetSeconds: number, group?: string) => ({
      ...request(offsetSeconds),
      ...(group !== undefined && { group }),
    })
    const batches = profileOf({
      kind: 'trace',
      file: 'recorded',
      hasShapes: true,
      requests: [grouped(0, 'a'), grouped(1, 'b'), grouped(1.5, 'a'), grouped(4), grouped(5, 'b')],
    })
    const dueOf = (given: Partial<Scaling>) =>
      made(batches, given).due.map(({ seconds, batch }) => [seconds, batch])

    test('the requests of one are one batch, each at its own time', () => {
      expect(dueOf({})).toEqual([
        [0, 0],
        [1, 1],
        [1.5, 0],
        [4, 2],
        [5, 1],
      ])
      const dataset = {
        name: 'd',
        size: 2,
        textOf: String,
        queries: [{ text: 0, candidates: [1], relevant: 1 }],
      }
      const plan = planOf(batches, { seconds: 6, seed: 1, dataset })
      expect(plan.items.map(({ batch, intendedSeconds }) => [intendedSeconds, batch])).toEqual(
        dueOf({}),
      )
      expect([plan.batches, plan.periodSeconds]).toEqual([3, 2])
    })

    test('a copy of one is another batch, its requests as far apart', () => {
      expect(dueOf({ rateScale: 2, seconds: 6 })).toEqual([
        [0, 0],
        [0.5, 1],
        [1, 2],
        [1.5, 0],
        [2, 1],
        [2.5, 3],
        [4, 4],
        [4, 5],
        [5, 2],
      ])
    })

    test('one stays away whole', () => {
      for (let seed = 0; seed < 20; seed += 1) {
        const sizes = new Map<number | undefined, number>()
        for (const [, batch] of dueOf({ rateScale: 0.6, seed })) {
          sizes.set(batch, (sizes.get(batch) ?? 0) + 1)
        }
        const whole = made(batches, { rateScale: 0.6, seed }).due
        for (const { recorded, batch } of whole) {
          if (batch !== undefined)
            expect(sizes.get(batch)).toBe(recorded?.group === undefined ? 1 : 2)
        }
      }
    })
  })

  test('any rate scale keeps the mean number, the order and the seed', () => {
    const many = profileOf({
      kind: 'trace',
      file: 'recorded',
      hasShapes: true,
      requests: Array.from({ length: 2000 }, (_, at) => request(at / 10)),
    })
    fc.assert(
      fc.property(fc.double({ min: 0.2, max: 4, noNaN: true }), fc.integer(), (rateScale, seed) => {
        const times = timesOf(many, { seconds: 200, rateScale, seed })
        expect(Math.abs(times.length / 2000 - rateScale)).toBeLessThan(0.1)
        expect(times).toEqual([...times].sort((a, b) => a - b))
        expect(timesOf(many, { seconds: 200, rateScale, seed })).toEqual(times)
      }),
      { numRuns: 10 },
    )
  })
})

test.each([
  [profileOf({ kind: 'constant', queriesPerSecond: 100_000 }), { seconds: 3600 }],
  [profileOf({ kind: 'poisson', queriesPerSecond: 100_000 }), { seconds: 3600 }],
  [
    profileOf({
      kind: 'trace',
      file: 'recorded',
      hasShapes: true,
      requests: [{ offsetSeconds: 0, queries: 1, documents: 1 }],
    }),
    { rateScale: maximumRequests + 1 },
  ],
])('more requests than a run can hold are refused, not made', (profile, given) => {
  expect(() => made(profile, given)).toThrow(
    expect.objectContaining({ exitCode: exitCodes.usage }) as Error,
  )
})
