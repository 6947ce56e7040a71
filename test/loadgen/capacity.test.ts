import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Observation } from '../../core/observation.ts'
import type { runLoad } from '../../loadgen/index.ts'
import {
  capacityLine,
  capacitySentences,
  findCapacity,
  profiles,
  steadyRateOf,
  type Profile,
  type RunOptions,
} from '../../loadgen/index.ts'
import type { CapacityOptions, CapacityStep } from '../../loadgen/capacity.ts'
import { parseSlo } from '../../loadgen/measure/slo.ts'
import { summarize } from '../../loadgen/measure/summarize.ts'
import { FixtureServer } from './fixture-server.ts'
import { madeRun } from './report/made-run.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-capacity-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

interface Simulated {
  readonly serviceSeconds: number
  /** By how much the generator sends too late. */
  readonly lagSeconds?: number
  /** Every eighth request is put aside and answered so much later, in nobody's way. */
  readonly asideSeconds?: number
  /** Called with each simulated look at the run. */
  readonly onLook?: (step: number) => void
}

/**
 * Stands in for `runLoad`: a server that serves one request at a time, in exactly so long each, and
 * a clock that only counts. What a step finds out then depends on nothing but the rate.
 */
function simulated({ serviceSeconds, lagSeconds = 0, asideSeconds = 0, onLook }: Simulated) {
  const asked: RunOptions[] = []
  const load: typeof runLoad = (options, { signal, onObservation, onProgress }) => {
    asked.push(options)
    const rate = steadyRateOf(options.profile as Profile)!
    const seconds = options.seconds!
    const planned = Math.round(rate * seconds)
    let free = 0
    const all = Array.from({ length: planned }, (_, index): Observation => {
      const intendedSeconds = index / rate
      const sentSeconds = intendedSeconds + lagSeconds
      free = Math.max(free, sentSeconds) + serviceSeconds
      const shape = { index, batch: index, documents: 30, outcome: 'ok' } as const
      const doneSeconds = free + (index % 8 === 7 ? asideSeconds : 0)
      return { ...shape, intendedSeconds, sentSeconds, doneSeconds }
    })
    const ending = all.toSorted((a, b) => a.doneSeconds - b.doneSeconds)
    let told = 0
    let now = 0.7
    for (; now < seconds && !signal.aborted; now += 1) {
      for (; told < planned && ending[told]!.doneSeconds <= now; told += 1) {
        onObservation?.(ending[told]!)
      }
      const sent = all.filter(({ sentSeconds }) => sentSeconds <= now).length
      onLook?.(asked.length)
      onProgress?.({
        ...{ profile: 'low', elapsedSeconds: now, scheduledSeconds: seconds, planned },
        ...{ sent, ended: told, failed: 0, offeredRate: rate, achievedRate: rate },
        ...{ p95Seconds: undefined, gpu: undefined },
      } as Parameters<NonNullable<typeof onProgress>>[0])
    }
    // Stopped early, what was sent is waited for a little while.
    const stopped = now - 1
    const seen = signal.aborted
      ? all.filter((one) => one.sentSeconds <= stopped && one.doneSeconds <= stopped + 5)
      : all
    const facts = madeRun({ gpu: false }).summary
    const summary = summarize(
      {
        ...facts,
        profile: { ...facts.profile, queriesPerSecond: rate, seconds },
        totals: { planned, unsent: planned - seen.length, unfinished: 0 },
        slo: options.slo ?? [],
      },
      seen,
      [],
    )
    return Promise.resolve({ folder: options.out, summary, observations: seen, telemetry: [] })
  }
  return { asked, load }
}

const search = (changes: Partial<CapacityOptions> = {}): CapacityOptions => ({
  target: 'http://127.0.0.1:1',
  profile: profiles[0],
  slo: parseSlo('p95=200ms,errors=10%')!,
  stepSeconds: 10,
  limits: { startRate: 5, maximumRate: 500, resolution: 0.05, maximumSteps: 20 },
  out: folder,
  ...changes,
})
const signal = new AbortController().signal

test('a server that serves one request at a time in 20 ms each sustains 50 queries/s', async () => {
  const { asked, load } = simulated({ serviceSeconds: 0.02 })
  const lines: string[] = []
  const found = await findCapacity(
    search({ seed: 7 }),
    { signal, onStep: (step) => lines.push(capacityLine(step)) },
    load,
  )
  const { queriesPerSecond, interval, steps, pairsPerSecond, valid } = found
  expect(valid).toBe(true)
  // A queue that grows by less than 2 % of the time is not told from none in so short a step.
  expect(queriesPerSecond).toBeGreaterThan(50 / 1.06)
  expect(queriesPerSecond).toBeLessThan(50 * 1.03)
  expect(interval[0]).toBe(queriesPerSecond)
  expect(interval[1]! / interval[0]!).toBeLessThanOrEqual(1.05)
  expect(pairsPerSecond).toBeCloseTo(30 * queriesPerSecond!, 9)
  // Doubled while kept, then bisected.
  expect(steps.slice(0, 6).map((step) => [step.queriesPerSecond, step.kept])).toEqual([
    [5, true],
    [10, true],
    [20, true],
    [40, true],
    [80, false],
    [expect.closeTo(Math.sqrt(40 * 80), 9), false],
  ])
  // Other texts and a folder of its own for each step.
  expect(asked.map(({ seed, out }) => [seed, out])).toEqual(
    steps.map(({ number }) => [7 + number, join(folder, `step-${String(number)}`)]),
  )
  expect(lines).toHaveLength(steps.length)
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  const file = JSON.parse(readFileSync(join(folder, 'capacity.json'), 'utf8')) as unknown
  expect(file).toEqual(JSON.parse(JSON.stringify(found)))
  expect(capacitySentences(found, 0.7, 1000)[1]).toBe(
    `For 1,000 queries/s: ${String(Math.ceil(1000 / (0.7 * queriesPerSecond!)))} replicas, each at 70 % of that at most.`,
  )
})

test('a step ends when it is decided: a good rate after half of it, a bad one at once', async () => {
  const { load } = simulated({ serviceSeconds: 0.02 })
  const limits = { startRate: 40, maximumRate: 80, resolution: 0.05, maximumSteps: 2 }
  const { steps } = await findCapacity(
    search({ limits }),
    { signal, onStep: () => undefined },
    load,
  )
  expect(steps).toMatchObject([
    { queriesPerSecond: 40, kept: true, sure: true, seconds: expect.closeTo(5.7, 9) as number },
    // After the first look that has thirty answers.
    { queriesPerSecond: 80, kept: false, sure: true, seconds: expect.closeTo(0.7, 9) as number },
  ])
})

test('a rate is not kept because those that wait have not ended yet', async () => {
  const { load } = simulated({ serviceSeconds: 0.02, asideSeconds: 12 })
  const limits = { startRate: 20, maximumRate: 20, resolution: 0.05, maximumSteps: 1 }
  const { steps } = await findCapacity(
    search({ slo: parseSlo('p95=200ms')!, limits }),
    { signal, onStep: () => undefined },
    load,
  )
  expect(steps).toMatchObject([{ kept: false, sure: true, seconds: 10, p95Seconds: 12.02 }])
})

test('what a person interrupts says nothing, and the answer is not valid', async () => {
  const controller = new AbortController()
  const steps: CapacityStep[] = []
  const { load } = simulated({
    serviceSeconds: 0.02,
    onLook: (step) => {
      if (step === 2) controller.abort()
    },
  })
  const found = await findCapacity(
    search(),
    { signal: controller.signal, onStep: (step) => steps.push(step) },
    load,
  )
  expect(steps.map(({ queriesPerSecond }) => queriesPerSecond)).toEqual([5])
  expect(found).toMatchObject({ valid: false, steps, queriesPerSecond: 5 })
})

test('a generator that was late makes the answer INVALID, and says so', async () => {
  const { load } = simulated({ serviceSeconds: 0.02, lagSeconds: 0.05 })
  const found = await findCapacity(search(), { signal, onStep: () => undefined }, load)
  expect(found.valid).toBe(false)
  expect(found.steps[0]?.invalid).toEqual([
    'the generator could not keep its schedule: p99 of the dispatch lag is 50.0 ms, allowed are 10.0 ms',
  ])
  expect(capacitySentences(found, 0.7)).toContain(
    'INVALID: a step that bounds the answer is not to be trusted',
  )
})

test('with a real server: the rates follow from the verdicts, and each step is a run', async () => {
  const server = await FixtureServer.start({ latencySeconds: 0.005 })
  try {
    const limits = { startRate: 10, maximumRate: 500, resolution: 0.05, maximumSteps: 2 }
    const { steps } = await findCapacity(search({ target: server.url, stepSeconds: 1, limits }), {
      signal,
      onStep: () => undefined,
    })
    // Whatever the machine made of the first rate, the second follows from it.
    expect(steps.map(({ queriesPerSecond }) => queriesPerSecond)).toEqual([
      10,
      steps[0]?.kept === true ? 20 : 5,
    ])
    expect(steps[0]).toMatchObject({ number: 1, samples: 10, failed: 0 })
    for (const step of ['step-1', 'step-2']) {
      expect(existsSync(join(folder, step, 'run.json'))).toBe(true)
    }
  } finally {
    await server.stop()
  }
})
