import { expect, test } from 'vitest'
import { engines } from '../../../loadgen/engines/index.ts'
import { responseSecondsOf, sorted } from '../../../loadgen/measure/latency.ts'
import { percentile } from '../../../loadgen/measure/percentile.ts'
import { FixtureServer } from '../fixture-server.ts'
import { replayWith, steady } from '../replay.ts'

const ours = engines.filter(({ name }) => name !== 'k6')

/** Contract §6: the k-th answer takes 0.3 + 0.1·k s, and nobody may wait for the one before. */
test.each(ours)(
  '$name: a server of 3.3 requests/s offered 5/s for 12 s: 60 of 60, p50 3.25 s, p95 5.9 s',
  async (engine) => {
    const server = await FixtureServer.start({ latencySeconds: 0.3, serial: true })
    try {
      const { observations } = await replayWith(engine, server.url, {
        profile: steady(5),
        seconds: 12,
        warmUp: [],
      })
      expect(observations).toHaveLength(60)
      expect(observations.every(({ outcome }) => outcome === 'ok')).toBe(true)
      const response = sorted(observations.map(responseSecondsOf))
      expect(percentile(response, 0.5)! / 3.25).toBeGreaterThan(0.97)
      expect(percentile(response, 0.5)! / 3.25).toBeLessThan(1.03)
      expect(percentile(response, 0.95)! / 5.9).toBeGreaterThan(0.97)
      expect(percentile(response, 0.95)! / 5.9).toBeLessThan(1.03)
    } finally {
      await server.stop()
    }
  },
)
