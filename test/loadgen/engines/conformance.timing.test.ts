import { afterEach, describe, expect, test } from 'vitest'
import { engines } from '../../../loadgen/engines/index.ts'
import { lagSecondsOf, sorted } from '../../../loadgen/measure/latency.ts'
import { percentile } from '../../../loadgen/measure/percentile.ts'
import { profiles } from '../../../loadgen/plan/profiles.ts'
import { FixtureServer, type FixtureOptions } from '../fixture-server.ts'
import { replayWith } from '../replay.ts'

const ours = engines.filter(({ name }) => name !== 'k6')

/** Contract §6. Bounds on the generator's own delays are generous; bench/loadgen.ts measures them. */
describe.each(ours)('$name', (engine) => {
  let server: FixtureServer
  afterEach(() => server.stop())
  const start = async (options: FixtureOptions) => {
    server = await FixtureServer.start(options)
    return server.url
  }
  const profile = (name: string) => profiles.find((candidate) => candidate.name === name)!
  const middle = (values: readonly number[]) => percentile(sorted(values), 0.5)!

  test('low: one arrival every 200 ms, no drift', async () => {
    const { observations, startSeconds } = await replayWith(engine, await start({}), {
      profile: profile('low'),
      seconds: 4,
      warmUp: [],
    })
    const arrivals = server.arrivals.map(({ seconds }) => seconds - startSeconds)
    expect(arrivals).toHaveLength(20)
    const gaps = arrivals.slice(1).map((at, k) => at - arrivals[k]!)
    expect(middle(gaps)).toBeGreaterThan(0.195)
    expect(middle(gaps)).toBeLessThan(0.205)
    // Measured from the one schedule: a lateness that added up would show at the end.
    expect(middle(arrivals.slice(-5).map((at, k) => at - 0.2 * (15 + k)))).toBeLessThan(0.02)
    expect(percentile(sorted(observations.map(lagSecondsOf)), 0.5)).toBeLessThan(0.005)
  })

  test('high: eight arrivals together every 400 ms', async () => {
    const { startSeconds } = await replayWith(engine, await start({}), {
      profile: profile('high'),
      seconds: 4,
    })
    const warm = server.arrivals.length - 80
    expect(warm).toBe(16)
    const arrivals = server.arrivals.slice(warm).map(({ seconds }) => seconds - startSeconds)
    const batches = Array.from({ length: 10 }, (_, at) => arrivals.slice(8 * at, 8 * at + 8))
    expect(middle(batches.map((batch) => batch[7]! - batch[0]!))).toBeLessThan(0.03)
    const gaps = batches.slice(1).map((batch, k) => batch[0]! - batches[k]![0]!)
    expect(middle(gaps)).toBeGreaterThan(0.395)
    expect(middle(gaps)).toBeLessThan(0.405)
  })
})
