import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitCodes } from '../../core/errors.ts'
import type { Observation } from '../../core/observation.ts'
import {
  mergeParts,
  readRun,
  reportFormats,
  runLoad,
  summarySchema,
  type RunOptions,
} from '../../loadgen/index.ts'
import { repeatShareOver, saturationOf } from '../../loadgen/measure/saturation.ts'
import { FixtureServer, type FixtureOptions } from './fixture-server.ts'

let folder: string
let server: FixtureServer | undefined
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-saturate-'))
})
afterEach(async () => {
  await server?.stop()
  server = undefined
  rmSync(folder, { recursive: true })
})

async function saturate(
  options: Partial<RunOptions>,
  fixture: FixtureOptions = {},
  context: Partial<Parameters<typeof runLoad>[1]> = {},
) {
  server ??= await FixtureServer.start(fixture)
  return runLoad(
    {
      ...{ target: server.url, profile: 'high', mode: 'saturate', seconds: 1, queries: 40 },
      ...{ out: join(folder, 'run'), ...options },
    },
    { signal: new AbortController().signal, ...context },
  )
}

/** The most requests that were on their way at one time. */
function mostAtOnce(observations: readonly Observation[]): number {
  const changes = observations
    .flatMap(({ sentSeconds, doneSeconds }) => [
      [sentSeconds, 1] as const,
      [doneSeconds, -1] as const,
    ])
    .sort(([a, up], [b, other]) => a - b || up - other)
  let [now, most] = [0, 0]
  for (const [, change] of changes) {
    now += change
    most = Math.max(most, now)
  }
  return most
}

test.each([1, 3])(
  '%d requests are on their way at all times, and never more',
  async (concurrency) => {
    const { summary, observations } = await saturate({ concurrency }, { latencySeconds: 0.05 })
    expect(mostAtOnce(observations)).toBe(concurrency)
    expect(summary).toMatchObject({
      mode: 'saturate',
      profile: { name: 'high', arrivals: 'closed', seconds: 1 },
      engine: { maximumInFlight: concurrency, delayedByLimit: 0 },
      validity: { valid: true, reasons: [], dispatchLagSeconds: { p99: null } },
      totals: { failed: 0, unsent: 0, unfinished: 0, requests: observations.length },
      saturation: { concurrency, lastedSeconds: 1 },
      latencySeconds: {
        response: { p50: null, p95: null, p99: null, max: null, p95Interval: null },
        service: { p50: expect.closeTo(0.05, 0) as number },
        batch: null,
      },
    })
    expect(summary.totals.planned).toBe(observations.length)
    expect(summary.saturation!.meanInFlight).toBeLessThanOrEqual(concurrency)
    expect(summary.throughput.queriesPerSecond * summary.throughput.spanSeconds).toBeCloseTo(
      observations.length,
      6,
    )
    expect(new Set(observations.map(({ index }) => index)).size).toBe(observations.length)
    expect(observations.every((one) => one.intendedSeconds === one.sentSeconds)).toBe(true)
    expect(summary.notes[0]).toMatch(
      new RegExp(
        `^saturated: ${String(concurrency)} requests were kept on their way, so the target`,
      ),
    )
  },
)

test('the run folder gives the same again, and every format says that it was saturated', async () => {
  const { summary } = await saturate({ concurrency: 2 }, { latencySeconds: 0.03 })
  const again = await readRun(join(folder, 'run'))
  expect(again.summary).toMatchObject({ mode: 'saturate', saturation: { concurrency: 2 } })
  expect(again.summary.throughput.pairsPerSecond).toBeCloseTo(summary.throughput.pairsPerSecond, 2)
  expect(again.summary.saturation!.pairsEachSecond).toEqual(summary.saturation!.pairsEachSecond)
  summarySchema.parse(JSON.parse(readFileSync(join(folder, 'run', 'run.json'), 'utf8')))
  const plan = JSON.parse(readFileSync(join(folder, 'run', 'plan.json'), 'utf8')) as object
  // Every query of the data set once, then from the beginning.
  expect(plan).toMatchObject({ saturation: { concurrency: 2 }, counts: { requests: 40 } })
  const shown = (name: string) => reportFormats.find((one) => one.name === name)!.render([again])
  expect(shown('text')).toMatch(/verdict\s+│ valid, saturated/)
  expect(shown('text')).toMatch(/queries\/s\s+│ [\d.]+, 2 in flight/)
  expect(shown('text')).toMatch(/p50 \/ p95 \/ p99\s+│ .* \(service\)/)
  expect(shown('markdown')).toContain('| valid, saturated |')
  expect(shown('csv')).toMatch(/,concurrency,,2,\n/)
  expect(shown('html')).toContain('2 requests on their way at all times (saturated')
  expect(shown('html')).toContain('<h2>Service time</h2>')
  expect(shown('html')).not.toContain('p95 response')
  expect(() => mergeParts([again, again])).toThrow(/run is a saturated run: it has no schedule/)
})

test('queries of a small data set come again, and the share that was sent before is said', async () => {
  const given = { concurrency: 4, queries: 5, seconds: 0.5 }
  const { summary, observations } = await saturate(given, { latencySeconds: 0.01 })
  const pool = 8
  expect(observations.length).toBeGreaterThan(2 * pool)
  const first = server!.arrivals.slice(16, 16 + pool).map(({ query }) => query)
  expect(new Set(server!.arrivals.map(({ query }) => query)).size).toBe(new Set(first).size)
  // Of eight requests three are of a query that came before.
  expect(summary.dataset.repeatShare).toBeGreaterThan(1 - pool / observations.length - 1e-9)
  expect(summary.notes).toContainEqual(
    expect.stringMatching(/^\d+ % of the pairs had been sent before in this run: /),
  )
})

test('a target that refuses is not asked thousands of times a second', async () => {
  const { summary } = await saturate(
    { concurrency: 2, seconds: 1 },
    { behaviourOf: (index) => (index % 2 === 0 ? 'overloaded' : 'fail') },
  )
  const { requests, failed, byOutcome } = summary.totals
  expect(failed).toBe(requests)
  // Each of the two places pauses until 0.1 s after its last send: at 0, 0.1, … 1.0 s at the most.
  expect(requests).toBeLessThanOrEqual(2 * 11)
  expect(byOutcome).toEqual({
    rejected_429: expect.any(Number) as number,
    server_error_5xx: expect.any(Number) as number,
  })
  expect(summary.throughput.pairsPerSecond).toBe(0)
  expect(summary.notes[1]).toMatch(/^on average .* of 2 requests were on their way: requests that/)
})

test('a request that gets no answer costs its place, not the run', async () => {
  const { summary, observations } = await saturate(
    { concurrency: 2, seconds: 1, timeoutSeconds: 0.4 },
    { latencySeconds: 0.02, behaviourOf: (index) => (index === 3 ? 'silence' : 'answer') },
  )
  expect(summary.totals.byOutcome).toEqual({ ok: observations.length - 1, timeout: 1 })
  const lost = observations.find(({ index }) => index === 3)!
  expect(lost.doneSeconds - lost.sentSeconds).toBeGreaterThanOrEqual(0.4)
  expect(summary.validity.valid).toBe(true)
})

test('interrupted: what was measured is written, marked INVALID', async () => {
  const controller = new AbortController()
  const { summary } = await saturate(
    { seconds: 60, concurrency: 2 },
    { latencySeconds: 0.05 },
    {
      signal: controller.signal,
      onProgress: ({ offeredRate, achievedRate, pairsPerSecond }) => {
        expect(offeredRate).toBeUndefined()
        expect(pairsPerSecond).toBeCloseTo(50 * achievedRate, 6)
        controller.abort()
      },
    },
  )
  expect(summary.validity.valid).toBe(false)
  expect(summary.validity.reasons[0]).toMatch(
    /^sending ended after .* of 60\.00 s: the run was interrupted, or held as many requests as it can$/,
  )
  expect(summary.saturation!.lastedSeconds).toBeLessThan(60)
  expect(summary.totals.succeeded).toBe(server!.arrivals.length - 16)
})

test('interrupted in the warm-up: no run', async () => {
  const controller = new AbortController()
  const behaviourOf = () => {
    controller.abort()
    return 'silence' as const
  }
  await expect(saturate({}, { behaviourOf }, { signal: controller.signal })).rejects.toMatchObject({
    exitCode: exitCodes.invalidRun,
    message: 'Interrupted before a request ended; there is no run.',
  })
})

test.each<[Partial<RunOptions>, string]>([
  [
    { mode: 'open', concurrency: 4 },
    '--concurrency belongs to --mode saturate: by schedule, requests never wait for one another.',
  ],
  [{ concurrency: 0 }, '--concurrency must be a whole number of requests from 1 to 1024.'],
  [{ concurrency: 2.5 }, '--concurrency must be a whole number of requests from 1 to 1024.'],
  [
    { rateScale: 2 },
    '--mode saturate has no rate of its own: leave out --rate-scale, --time-scale and --count.',
  ],
  [
    { slo: [{ figure: 'p95', of: 'response', limit: 1 }] },
    '--slo p95 counts from a schedule, and --mode saturate has none: write service.p95.',
  ],
  [
    { slo: [{ figure: 'rate', of: null, limit: 1 }] },
    '--slo rate counts from a schedule, and --mode saturate has none: leave it out.',
  ],
])('%o is wrong usage', async (given, message) => {
  await expect(saturate(given)).rejects.toMatchObject({ exitCode: exitCodes.usage, message })
  expect(server!.arrivals).toEqual([])
})

test('each whole second holds the pairs that were answered in it', () => {
  const one = (
    sentSeconds: number,
    doneSeconds: number,
    outcome: Observation['outcome'] = 'ok',
  ) => ({
    ...{ index: 0, batch: 0, documents: 10, intendedSeconds: sentSeconds },
    ...{ sentSeconds, doneSeconds, outcome },
  })
  const observations = [
    one(0, 0.5),
    one(0.5, 1),
    one(1, 1.75),
    one(0, 1.9, 'timeout'),
    // Answered in the drain, and on its way for half a second before it.
    one(2, 3),
  ]
  expect(saturationOf({ concurrency: 2, lastedSeconds: 2.5 }, observations)).toEqual({
    concurrency: 2,
    lastedSeconds: 2.5,
    meanInFlight: (0.5 + 0.5 + 0.75 + 1.9 + 0.5) / 2.5,
    pairsEachSecond: { mean: 15, min: 10, max: 20, p5: 10.5, p95: 19.5 },
  })
})

test('what a pool repeats when it is gone through', () => {
  expect(repeatShareOver(0.1, 100, 100)).toBe(0.1)
  expect(repeatShareOver(0, 100, 50)).toBe(0)
  expect(repeatShareOver(0, 100, 400)).toBe(0.75)
  expect(repeatShareOver(0.2, 100, 200)).toBeCloseTo(0.6, 12)
})
