import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Observation } from '../../../core/observation.ts'
import { replicasFor } from '../../../core/policy.ts'
import { Random } from '../../../loadgen/dataset/random.ts'
import { CapacitySearch } from '../../../loadgen/measure/capacity.ts'
import { parseSlo } from '../../../loadgen/measure/slo.ts'
import { stepVerdict } from '../../../loadgen/measure/step.ts'

interface Server {
  readonly serviceSeconds: number
  /** Poisson arrivals instead of evenly spaced ones. */
  readonly random?: Random
}

/** One request at a time, in order of arrival, each for exactly so long: M/D/1, or D/D/1. */
function serve({ serviceSeconds, random }: Server, rate: number, seconds: number): Observation[] {
  const observations: Observation[] = []
  let free = 0
  let at = 0
  while (at < seconds) {
    free = Math.max(free, at) + serviceSeconds
    const index = observations.length
    const [intendedSeconds, sentSeconds] = [at, at]
    const shape = { index, batch: index, documents: 10 }
    observations.push({ ...shape, intendedSeconds, sentSeconds, doneSeconds: free, outcome: 'ok' })
    at += random === undefined ? 1 / rate : -Math.log(1 - random.next()) / rate
  }
  return observations
}

function capacityOf(server: Server, slo: string, startRate: number, resolution = 0.05) {
  const search = new CapacitySearch({ startRate, maximumRate: 1e6, resolution, maximumSteps: 30 })
  const thresholds = parseSlo(slo)!
  let steps = 0
  for (let rate = search.next(); rate !== undefined; rate = search.next()) {
    const verdict = stepVerdict(serve(server, rate, Math.max(10, 400 / rate)), thresholds)
    search.record({
      queriesPerSecond: rate,
      kept: verdict !== 'missed',
      sure: verdict !== 'undecided',
    })
    steps += 1
  }
  return { ...search.capacity(), steps }
}

test('evenly spaced requests: the capacity is one over the service time', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.004, max: 0.2, noNaN: true }),
      fc.double({ min: 1, max: 200, noNaN: true }),
      (serviceSeconds, startRate) => {
        const slo = `p95=${(3000 * serviceSeconds).toFixed(3)}ms`
        const { queriesPerSecond, interval, steps } = capacityOf({ serviceSeconds }, slo, startRate)
        const truth = 1 / serviceSeconds
        // A queue that grows by less than 2 % of the time is not told from none in so short a step.
        expect(queriesPerSecond).toBeGreaterThan(truth / 1.06)
        expect(queriesPerSecond).toBeLessThan(truth * 1.03)
        expect(interval[0]).toBeLessThan(truth * 1.03)
        expect(interval[1]).toBeGreaterThan(truth)
        expect(steps).toBeLessThan(18)
      },
    ),
    { numRuns: 25 },
  )
})

test('Poisson arrivals: the capacity is where the p95 of M/D/1 passes the limit', () => {
  const serviceSeconds = 0.02
  // From a long run: at which rate is p95 60 ms?
  const p95At = (rate: number) => {
    const long = serve({ serviceSeconds, random: new Random(9, 'long') }, rate, 8000 / rate)
    return long.map((one) => one.doneSeconds - one.intendedSeconds).sort((a, b) => a - b)[
      Math.floor(long.length * 0.95)
    ]!
  }
  const found = Array.from({ length: 6 }, (_, seed) =>
    capacityOf({ serviceSeconds, random: new Random(seed, 'arrivals') }, 'p95=60ms', 5, 0.1),
  )
  const holds = found.filter(
    ({ interval: [lower, upper] }) => p95At(lower! * 0.97) <= 0.06 && p95At(upper! * 1.03) > 0.06,
  )
  expect(holds.length).toBeGreaterThanOrEqual(5)
})

test('a target that keeps nothing, or everything, is said to', () => {
  expect(capacityOf({ serviceSeconds: 1 }, 'p95=10ms', 5)).toMatchObject({
    queriesPerSecond: null,
    interval: [null, expect.closeTo(5 / 64, 9) as number],
  })
  const search = new CapacitySearch({
    startRate: 5,
    maximumRate: 12,
    resolution: 0.1,
    maximumSteps: 9,
  })
  const rates: number[] = []
  for (let rate = search.next(); rate !== undefined; rate = search.next()) {
    rates.push(rate)
    search.record({ queriesPerSecond: rate, kept: true, sure: true })
  }
  expect(rates).toEqual([5, 10, 12])
  expect(search.capacity()).toEqual({ queriesPerSecond: 12, interval: [12, null] })
})

test('a step that is not sure widens the interval, and does not end it', () => {
  const search = new CapacitySearch({
    startRate: 10,
    maximumRate: 100,
    resolution: 0.5,
    maximumSteps: 9,
  })
  search.record({ queriesPerSecond: 10, kept: true, sure: true })
  search.record({ queriesPerSecond: 20, kept: true, sure: false })
  search.record({ queriesPerSecond: 40, kept: false, sure: true })
  expect(search.next()).toBeCloseTo(Math.sqrt(800), 9)
  expect(search.capacity()).toEqual({ queriesPerSecond: 20, interval: [10, 40] })
})

const steady = (count: number, seconds: number) =>
  serve({ serviceSeconds: seconds }, 5, count / 5).slice(0, count)

test.each([
  ['p95=200ms', 120, 0.1, 'kept'],
  ['p95=50ms', 120, 0.1, 'missed'],
  // The largest of forty says little about p95.
  ['p95=200ms', 40, 0.1, 'undecided'],
  ['p95=200ms', 20, 0.1, 'undecided'],
  ['mean=90ms', 120, 0.1, 'missed'],
  ['p50=200ms,errors=0.1%', 120, 0.1, 'undecided'],
  ['p50=200ms,errors=5%', 120, 0.1, 'kept'],
])('%s over %d requests of %d s: %s', (slo, count, seconds, verdict) => {
  expect(stepVerdict(steady(count, seconds), parseSlo(slo)!)).toBe(verdict)
})

test('a queue that grows is missed before its p95 is', () => {
  // 6/s of 180 ms each: 1.08 s of work a second.
  const growing = serve({ serviceSeconds: 0.18 }, 6, 20)
  expect(stepVerdict(growing, parseSlo('p95=60s')!)).toBe('missed')
})

test.each([
  [7, 10, 0.7, 1],
  [7.01, 10, 0.7, 2],
  [100, 10, 0.7, 15],
  [0.1, 10, 0.7, 1],
])(
  '%d queries/s of replicas with a capacity of %d at %d: %d',
  (wanted, capacity, ratio, replicas) => {
    expect(replicasFor(wanted, capacity, ratio)).toBe(replicas)
  },
)
