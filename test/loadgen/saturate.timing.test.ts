import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runLoad } from '../../loadgen/index.ts'
import { FixtureServer } from './fixture-server.ts'

/** What a server sustains is a property of the server: these have a known one. */
test.each([
  { concurrency: 1, serial: true, requestsPerSecond: 20, serviceSeconds: 0.05 },
  // One at a time: more on their way wait in the server, and the rate stays.
  { concurrency: 8, serial: true, requestsPerSecond: 20, serviceSeconds: 0.4 },
  { concurrency: 3, serial: false, requestsPerSecond: 60, serviceSeconds: 0.05 },
])('50 ms a request, %o', async ({ concurrency, serial, requestsPerSecond, serviceSeconds }) => {
  const out = mkdtempSync(join(tmpdir(), 'rerankscope-sustained-'))
  const server = await FixtureServer.start({ latencySeconds: 0.05, serial })
  try {
    const { summary } = await runLoad(
      {
        ...{ target: server.url, profile: 'high', mode: 'saturate', queries: 40, out },
        ...{ seconds: 2, concurrency },
      },
      { signal: new AbortController().signal },
    )
    const near = (value: number, truth: number) => Math.abs(value / truth - 1)
    const { throughput, latencySeconds, saturation } = summary
    expect(near(throughput.requestsPerSecond, requestsPerSecond)).toBeLessThan(0.1)
    expect(near(throughput.pairsPerSecond, 50 * requestsPerSecond)).toBeLessThan(0.1)
    expect(near(latencySeconds.service.p50!, serviceSeconds)).toBeLessThan(0.1)
    expect(near(saturation!.meanInFlight, concurrency)).toBeLessThan(0.1)
    expect(near(saturation!.pairsEachSecond.mean!, 50 * requestsPerSecond)).toBeLessThan(0.15)
  } finally {
    await server.stop()
    rmSync(out, { recursive: true })
  }
})
