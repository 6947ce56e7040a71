import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forms } from '../../../alerts/autoscaling/simulate/forms.ts'
import { ReplicaFleet } from '../../../alerts/autoscaling/simulate/fleet.ts'
import { parseLoad } from '../../../alerts/autoscaling/simulate/generated.ts'
import {
  multiplied,
  repeated,
  stepwise,
  type Load,
} from '../../../alerts/autoscaling/simulate/load.ts'
import { notesOf } from '../../../alerts/autoscaling/simulate/notes.ts'
import { Signal } from '../../../alerts/autoscaling/simulate/signal.ts'
import { simulate, type SimulationOptions } from '../../../alerts/autoscaling/simulate/simulate.ts'
import { policy, type Policy } from '../../../core/policy.ts'

const options: SimulationOptions = {
  policy,
  seconds: 4 * 3600,
  stepSeconds: 1,
  syncSeconds: 15,
  minReplicas: 1,
  maxReplicas: 8,
  replicas: 1,
  gpusPerReplica: 1,
  startSeconds: 90,
  signalSeconds: 60,
  delaySeconds: 15,
  noise: 0,
  seed: 1,
  outages: [],
  queue: true,
}

function run(name: string, load: Load | string, more: Partial<SimulationOptions> = {}) {
  const form = forms.find((one) => one.name === name)
  if (form === undefined) throw new Error(`no form ${name}`)
  return simulate(form, typeof load === 'string' ? parseLoad(load) : load, { ...options, ...more })
}

/**
 * The toy simulation that the guidance quotes says: 4 h, a sync every 15 s, 90 s to start, 10 % noise,
 * ten seeds. What it leaves open is chosen so that its figures come out: the metric is the mean of the
 * last 15 s and 15 s old, and AverageValue goes with KEDA's other defaults.
 */
describe('a flat load of 85 % of one replica', () => {
  const toy = { stepSeconds: 15, noise: 0.1, signalSeconds: 15, delaySeconds: 15 }
  const seeds = Array.from({ length: 10 }, (_, at) => at + 1)
  const mean = (name: string, of: (result: ReturnType<typeof run>) => number) =>
    seeds.reduce((sum, seed) => sum + of(run(name, 'constant:85%', { ...toy, seed })), 0) / 10

  test('64 direction changes with AverageValue, none with Value', () => {
    expect(run('average-value', 'constant:85%', toy).directionChanges).toBe(64)
    expect(Math.round(mean('average-value', (result) => result.directionChanges))).toBe(64)
    for (const name of ['tolerance', 'deadband', 'pods']) {
      expect(mean(name, (result) => result.directionChanges)).toBe(0)
      expect(mean(name, (result) => result.changes.length)).toBe(1)
    }
  })

  test('the correct forms need two GPUs all the time, and are hardly overloaded', () => {
    expect(mean('tolerance', (result) => result.gpuHours)).toBeCloseTo(7.95, 2)
    expect(mean('tolerance', (result) => result.overloadSeconds)).toBeLessThan(20)
    expect(mean('average-value', (result) => result.overloadSeconds)).toBeGreaterThan(100)
  })

  test('without noise, to the second', () => {
    // 90 % of the first minute and the delay: 75 s. Then the window is as full as it can be.
    expect(run('tolerance', 'constant:85%')).toMatchObject({
      changes: [{ atSeconds: 75, from: 1, to: 2 }],
      directionChanges: 0,
      overloadSeconds: 0,
      gpuHours: (2 * 14_400 - 75) / 3600,
      replicas: { min: 1, max: 2 },
    })
  })
})

describe('the guidance’s other loads, in the order that it gives', () => {
  const sine = 'sine:0.2..3@3600'

  test('a swing: the windows cost overload and save GPU-hours; AverageValue is far off', () => {
    const defaults = run('defaults', sine, { queue: false })
    const tolerance = run('tolerance', sine, { queue: false })
    const average = run('average-value', sine, { queue: false })
    expect([defaults, tolerance, average].map(({ directionChanges }) => directionChanges)).toEqual([
      7, 7, 7,
    ])
    expect(defaults.overloadSeconds).toBeLessThan(tolerance.overloadSeconds)
    expect(tolerance.overloadSeconds).toBeLessThan(900)
    expect(average.overloadSeconds).toBeGreaterThan(5900)
    expect(tolerance.gpuHours).toBeLessThan(defaults.gpuHours)
    expect(average.gpuHours).toBeCloseTo(6.8, 1)
  })

  test('bursts of a minute: a window of a minute never sees them, and the notes say so', () => {
    const burst = parseLoad('burst:0.2..2.6@300/60')
    const tolerance = run('tolerance', burst, { queue: false })
    expect(tolerance).toMatchObject({ changes: [], overloadSeconds: 48 * 60, gpuHours: 4 })
    expect(run('defaults', burst, { queue: false }).overloadSeconds).toBeLessThan(300)
    expect(notesOf(burst, [tolerance], options)).toContainEqual(
      'tolerance saw none of the overloads, of which the longest took 60 s: a window of 1 min is blind to what is shorter. The alert on p95 sees it.',
    )
  })
})

describe('the two forms of the policy', () => {
  /** Its lines are half as much again as the target, and half of it: no rounding in the manifests. */
  const exact: Policy = {
    ...policy,
    scaleIn: { ...policy.scaleIn, utilizationRatio: 0.25 },
    waste: { ...policy.waste, utilizationRatio: 0.3 },
    target: { ...policy.target, utilizationRatio: 0.5 },
    scaleOut: { ...policy.scaleOut, utilizationRatio: 0.75 },
  }

  test('do the same wherever utilisation is not exactly on a line', () => {
    const step = fc.record({
      // Halves of a percent that no sum of them divides onto a line.
      demand: fc.integer({ min: 0, max: 500 }).map((half) => half / 100 + 0.00137),
      seconds: fc.integer({ min: 1, max: 40 }).map((syncs) => syncs * 15),
    })
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), (steps) => {
        const load = stepsLoad(steps)
        const more = { policy: exact, seconds: 3600, queue: false, stepSeconds: 15 }
        const [tolerance, deadband] = ['tolerance', 'deadband'].map((name) => run(name, load, more))
        expect(deadband?.changes).toEqual(tolerance?.changes)
      }),
      { numRuns: 40 },
    )
  })

  test('do not depend on how finely time is cut, where the load changes at syncs', () => {
    const step = fc.record({
      demand: fc.integer({ min: 0, max: 40 }).map((tenth) => tenth / 10 + 0.03),
      seconds: fc.integer({ min: 1, max: 60 }).map((syncs) => syncs * 15),
    })
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 1, maxLength: 8 }),
        fc.constantFrom('tolerance', 'deadband', 'pods', 'defaults', 'average-value'),
        (steps, name) => {
          const load = stepsLoad(steps)
          const [fine, coarse] = [1, 15].map((stepSeconds) =>
            // Work that waits moves within a step, so the queue is left out.
            run(name, load, { seconds: 3600, stepSeconds, queue: false, startSeconds: 90 }),
          )
          // What waits when a replica becomes free within a step may move one sync.
          const overloaded = (fine?.overloadSeconds ?? 0) > 0
          if (!overloaded) expect(coarse?.changes).toEqual(fine?.changes)
        },
      ),
      { numRuns: 60 },
    )
  })

  function stepsLoad(
    steps: readonly { readonly demand: number; readonly seconds: number }[],
  ): Load {
    let atSeconds = 0
    const points = steps.map(({ demand, seconds }) => {
      const point = { atSeconds, demand }
      atSeconds += seconds
      return point
    })
    return repeated(stepwise('steps', atSeconds, points))
  }
})

describe('while nothing is known', () => {
  const outages = [{ fromSeconds: 3600, toSeconds: 5400 }]
  const flat = { seconds: 7200, outages, replicas: 3, maxReplicas: 3 }

  test('nothing changes; with nulls as zero the replicas go, under full load', () => {
    const during = (name: string) =>
      run(name, 'constant:2', flat).changes.filter(({ atSeconds }) => atSeconds >= 3600)
    expect(during('tolerance')).toEqual([])
    // Less than 90 % of the minute is known from 3630 s on: 5 minutes after the last look, one goes.
    expect(during('nulls-as-zero').slice(0, 2)).toEqual([
      { atSeconds: 3915, from: 3, to: 2 },
      { atSeconds: 4215, from: 2, to: 1 },
    ])
    expect(run('tolerance', 'constant:2', flat).overloadSeconds).toBe(0)
    expect(run('nulls-as-zero', 'constant:2', flat).overloadSeconds).toBeGreaterThan(1000)
  })

  test('a hole in a recording is an outage, and the load goes on', () => {
    const points = [
      { atSeconds: 0, demand: 2 },
      { atSeconds: 3600, demand: undefined },
    ]
    const load = stepwise('recorded', 7200, points)
    const result = run('tolerance', load, { seconds: 7200, replicas: 3, maxReplicas: 3 })
    expect(result.changes).toEqual([])
    expect(result.samples.at(-1)?.demand).toBe(2)
  })
})

describe('replicas', () => {
  test('start late, are removed newest first, and work off what waits', () => {
    const fleet = new ReplicaFleet({ replicas: 1, startSeconds: 30, maximumWaitSeconds: 10 })
    expect(fleet.advance(0, 10, 1.5)).toEqual({
      ...{ ready: 1, demand: 1.5, busySeconds: 10, observedSeconds: 10, waitSeconds: 5 },
    })
    fleet.scaleTo(2, 10)
    expect([10, 39, 40].map((at) => fleet.readyAt(at))).toEqual([1, 1, 2])
    // No more than 10 s of work wait.
    expect(fleet.advance(10, 30, 3).waitSeconds).toBe(10)
    expect(fleet.advance(40, 10, 0.5)).toMatchObject({ ready: 2, busySeconds: 15, waitSeconds: 0 })
    fleet.scaleTo(3, 50)
    fleet.scaleTo(2, 55)
    expect(fleet.readyAt(55)).toBe(2)
  })

  test('hold a GPU each while they start, and several where they need several', () => {
    const slow = run('tolerance', 'constant:85%', { startSeconds: 3600, gpusPerReplica: 4 })
    expect(slow.gpuHours).toBeCloseTo((4 * (2 * 14_400 - 75)) / 3600, 6)
  })
})

describe('the figures that the controller reads', () => {
  const slice = (busySeconds: number) => ({
    ...{ ready: 2, demand: 1, busySeconds, observedSeconds: 2, waitSeconds: 0.05 },
  })
  const signalOf = (delaySeconds: number) =>
    new Signal({ windowSeconds: 10, delaySeconds, minimumCoverageRatio: 0.9, batchSeconds: 0.1 }, 1)

  test('are means over the window, as old as the delay', () => {
    const signal = signalOf(5)
    const read = Array.from({ length: 40 }, (_, at) => {
      signal.add(slice(at < 20 ? 1 : 2), true)
      return signal.read()
    })
    expect(read[24]?.utilizationRatio).toBeCloseTo(0.5, 9)
    expect(read[29]?.utilizationRatio).toBeCloseTo(0.75, 9)
    expect(read[34]?.utilizationRatio).toBeCloseTo(1, 9)
    expect(read[39]?.queuePerCompute).toBeCloseTo(0.5, 9)
  })

  test('are none while less than nine tenths of the window were seen', () => {
    const signal = signalOf(0)
    const seen = Array.from({ length: 32 }, (_, at) => {
      signal.add(slice(1), at < 15 || at >= 17)
      return signal.read() !== undefined
    })
    // 9 of 10 at the beginning; then two are missing, until the first of them is forgotten.
    expect(seen.indexOf(true)).toBe(8)
    expect(seen.lastIndexOf(false)).toBe(24)
    expect(seen.slice(16, 25)).toEqual(Array.from({ length: 9 }, () => false))
    expect(seen.slice(8, 16)).toEqual(Array.from({ length: 8 }, () => true))
  })
})

describe('made loads', () => {
  test.each([
    ['constant:85%', 1234, 0.85],
    ['constant:2', 0, 2],
    ['ramp:0.5..2.5@1000', 500, 1.5],
    ['ramp:0.5..2.5@1000', 5000, 2.5],
    ['steps:50%@600,2@300', 599, 0.5],
    ['steps:50%@600,2@300', 600, 2],
    ['sine:0.2..3@3600', 0, 0.2],
    ['sine:0.2..3@3600', 1800, 3],
    ['day:0.2..3', 43_200, 3],
    ['burst:0.2..2.6@300/60', 239, 0.2],
    ['burst:0.2..2.6@300/60', 240, 2.6],
    ['burst:0.2..2.6@300/60', 300, 0.2],
  ])('%s at %i s is %d', (text, at, wanted) => {
    expect(parseLoad(text).at(at)).toBeCloseTo(wanted, 9)
  })

  test('steps end, and are repeated where that is asked for', () => {
    const steps = parseLoad('steps:50%@600,2@300')
    expect(steps.seconds).toBe(900)
    expect(repeated(steps).at(950)).toBe(0.5)
    expect(multiplied(steps, 3).at(0)).toBe(1.5)
  })

  test.each([
    ['flat', 'no load: say one of constant:85%'],
    ['constructor:1', 'no load'],
    ['constant:', 'constant is written constant:85%'],
    ['constant:-1', 'cannot be read'],
    ['sine:1..2', 'sine is written sine:0.2..3@3600'],
    ['sine:1..2@0', 'a time must be above 0 s'],
    ['burst:0..2@60/60', 'the burst must be shorter than its period'],
  ])('%s is refused in words', (text, sentence) => {
    expect(() => parseLoad(text)).toThrow(sentence)
  })

  test('no text takes it down, or makes a load below 0', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.stringMatching(/^(constant|ramp|steps|sine|day|burst):[0-9.%@,/]{0,20}$/),
        ),
        fc.nat({ max: 100_000 }),
        (text, at) => {
          let demand: number | undefined
          try {
            demand = parseLoad(text).at(at)
          } catch (error) {
            expect((error as Error).name).toBe('UserError')
            return
          }
          if (demand !== undefined) expect(demand).toBeGreaterThanOrEqual(-1e-9)
        },
      ),
    )
  })
})

describe('the notes', () => {
  test('say what the margin between 1 and 2 replicas is', () => {
    const margin = notesOf(parseLoad('constant:1'), [], options)
    expect(margin).toEqual([
      'Between 1 and 2 replicas there is no margin: 80 % on one are 40 % on two, and the scale-in line is 40 %. An HPA removes the second at 35 % and not before, so it holds; whatever adds and removes by the two lines alone would not.',
    ])
    expect(notesOf(parseLoad('constant:1'), [], { ...options, minReplicas: 2 })).toEqual([])
    const close = {
      ...policy,
      scaleOut: { ...policy.scaleOut, utilizationRatio: 0.72 },
      scaleIn: { ...policy.scaleIn, utilizationRatio: 0.45 },
    }
    expect(notesOf(parseLoad('constant:1'), [], { ...options, policy: close })[0]).toContain(
      'An HPA removes the second at 35 % and not before',
    )
  })

  test('warn of AverageValue, of a full GPU in a recording, and of the ceiling', () => {
    const results = [
      run('average-value', 'constant:3', { seconds: 900, maxReplicas: 2 }),
      run('tolerance', 'constant:3', { seconds: 900, maxReplicas: 2 }),
    ]
    const notes = notesOf({ ...parseLoad('constant:3'), saturated: true }, results, {
      ...options,
      minReplicas: 2,
      maxReplicas: 2,
    })
    expect(notes).toHaveLength(3)
    expect(notes[0]).toContain("It is KEDA's default: set metricType: Value.")
    expect(notes[1]).toContain(
      'Overloaded with all 2 replicas, for 13.8 min at most: average-value, tolerance.',
    )
    expect(notes[2]).toContain('The recorded GPUs were full')
  })
})
