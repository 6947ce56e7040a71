import { afterEach, describe, expect, test } from 'vitest'
import { Random } from '../../../loadgen/dataset/random.ts'
import { engines } from '../../../loadgen/engines/index.ts'
import { responseSecondsOf, sorted } from '../../../loadgen/measure/latency.ts'
import { percentile, quantileInterval } from '../../../loadgen/measure/percentile.ts'
import { FixtureServer } from '../fixture-server.ts'
import { replayWith, steady } from '../replay.ts'

/**
 * M/D/1: Poisson arrivals, one server, constant service. Its waiting times are known exactly, so this
 * is the one load whose right answer comes from outside this project.
 */
const serviceSeconds = 0.1
const arrivalsPerSecond = 5
const load = arrivalsPerSecond * serviceSeconds
const seconds = 150

/** Pollaczek and Khinchine. */
const meanSojourn = serviceSeconds * (1 + load / (2 * (1 - load)))

/** P(wait ≤ x), Erlang 1909. */
function waitsAtMost(x: number): number {
  let sum = 0
  let factorial = 1
  for (let k = 0; k <= Math.floor(x / serviceSeconds); k += 1) {
    if (k > 0) factorial *= k
    const rest = arrivalsPerSecond * (x - k * serviceSeconds)
    sum += ((-rest) ** k / factorial) * Math.exp(rest)
  }
  return (1 - load) * sum
}

function sojournQuantile(q: number): number {
  let low = 0
  let high = 20 * serviceSeconds
  while (high - low > 1e-6) {
    const middle = (low + high) / 2
    if (waitsAtMost(middle) < q) low = middle
    else high = middle
  }
  return low + serviceSeconds
}

/** The same queue, computed for these arrivals: each starts when the one before has left. */
function sojournsOf(instants: readonly number[]): readonly number[] {
  let free = 0
  return instants.map((at) => {
    free = Math.max(free, at) + serviceSeconds
    return free - at
  })
}

function poisson(seed: number): readonly number[] {
  const random = new Random(seed, 'md1')
  let at = 0
  return Array.from({ length: Math.floor(seconds * arrivalsPerSecond) }, () => {
    at += -Math.log(1 - random.next()) / arrivalsPerSecond
    return Number(at.toFixed(6))
  })
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/** 95 % interval of the mean from 20 batches, whose means hardly depend on each other. */
function meanInterval(values: readonly number[]): readonly [number, number] {
  const batches = 20
  const size = values.length / batches
  const means = Array.from({ length: batches }, (_, at) =>
    mean(values.slice(at * size, (at + 1) * size)),
  )
  const middle = mean(means)
  const deviation = Math.sqrt(
    means.reduce((sum, one) => sum + (one - middle) ** 2, 0) / (batches - 1),
  )
  // Student's t, 19 degrees of freedom.
  const half = (2.093 * deviation) / Math.sqrt(batches)
  return [middle - half, middle + half]
}

describe('M/D/1', () => {
  let server: FixtureServer | undefined
  afterEach(() => server?.stop())

  test('the formula and the simulated queue say the same', () => {
    expect(waitsAtMost(0)).toBeCloseTo(1 - load, 9)
    expect(meanSojourn).toBeCloseTo(0.15, 9)
    const simulated = Array.from({ length: 40 }, (_, seed) => sojournsOf(poisson(seed))).flat()
    expect(mean(simulated) / meanSojourn).toBeCloseTo(1, 1)
    expect(percentile(sorted(simulated), 0.95)! / sojournQuantile(0.95)).toBeCloseTo(1, 1)
  })

  test('what the engine measures holds the analytic mean and p95 within its intervals', async () => {
    const instants = poisson(1)
    server = await FixtureServer.start({ latencySeconds: serviceSeconds, serial: true })
    const { observations } = await replayWith(
      engines.find(({ name }) => name === 'autocannon')!,
      server.url,
      { profile: steady(arrivalsPerSecond, 1), seconds, instants, warmUp: [] },
    )
    expect(observations.map(({ outcome }) => outcome)).toEqual(Array(750).fill('ok'))
    const measured = observations.map(responseSecondsOf)
    const [low, high] = meanInterval(measured)
    expect(low).toBeLessThan(meanSojourn)
    expect(high).toBeGreaterThan(meanSojourn)
    const { bounds } = quantileInterval(measured, 0.95)!
    expect(bounds[0]).toBeLessThan(sojournQuantile(0.95))
    expect(bounds[1]).toBeGreaterThan(sojournQuantile(0.95))
    // Request by request against the queue of exactly these arrivals: what is left is the way there.
    const errors = sorted(sojournsOf(instants).map((exact, at) => measured[at]! - exact))
    expect(percentile(errors, 0.5)!).toBeGreaterThan(-0.001)
    expect(percentile(errors, 0.5)!).toBeLessThan(0.01)
  })
})
