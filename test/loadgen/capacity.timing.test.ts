import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { capacityLine, capacitySentences, findCapacity, profiles } from '../../loadgen/index.ts'
import { parseSlo } from '../../loadgen/measure/slo.ts'
import { FixtureServer } from './fixture-server.ts'

test('a server that serves one request at a time in 20 ms each sustains 50 queries/s', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-capacity-'))
  const server = await FixtureServer.start({ latencySeconds: 0.02, serial: true })
  try {
    const lines: string[] = []
    const found = await findCapacity(
      {
        target: server.url,
        profile: profiles[0],
        slo: parseSlo('p95=200ms,errors=10%')!,
        stepSeconds: 4,
        limits: { startRate: 32, maximumRate: 500, resolution: 0.25, maximumSteps: 8 },
        out: folder,
      },
      { signal: new AbortController().signal, onStep: (step) => lines.push(capacityLine(step)) },
    )
    const { queriesPerSecond, interval, steps, pairsPerQuery } = found
    expect(queriesPerSecond).toBeGreaterThanOrEqual(32)
    expect(queriesPerSecond).toBeLessThan(52)
    // Null where a busy machine left every kept step undecided: then nothing is known below.
    expect(interval[0] ?? 0).toBeLessThan(52)
    expect(interval[1]).toBeGreaterThan(50)
    expect(pairsPerQuery).toBeCloseTo(30, 0)
    expect(steps.map(({ number }) => number)).toEqual(steps.map((_, at) => at + 1))
    // 64/s was seen to be too much long before its step was over.
    expect(steps.find(({ queriesPerSecond: rate }) => rate === 64)!.seconds).toBeLessThan(4)
    expect(lines).toHaveLength(steps.length)
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
    const file = JSON.parse(readFileSync(join(folder, 'capacity.json'), 'utf8')) as unknown
    expect(file).toEqual(JSON.parse(JSON.stringify(found)))
    expect(existsSync(join(folder, 'step-1', 'run.json'))).toBe(true)
    expect(capacitySentences(found, 0.7, 1000)[1]).toBe(
      `For 1,000 queries/s: ${String(Math.ceil(1000 / (0.7 * queriesPerSecond!)))} replicas, each at 70 % of that at most.`,
    )
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})
