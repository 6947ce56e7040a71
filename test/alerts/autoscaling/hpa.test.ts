import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  behaviorOf,
  tolerancesOf,
  tolerantBehaviorOf,
} from '../../../alerts/autoscaling/behavior.ts'
import { proposalOf, type Reading } from '../../../alerts/autoscaling/hpa/proposal.ts'
import {
  defaultRules,
  type HpaSpec,
  type MetricSpec,
  type ScalingPolicy,
  type ScalingRules,
} from '../../../alerts/autoscaling/hpa/spec.ts'
import { initialState, stepHpa, type HpaStep } from '../../../alerts/autoscaling/hpa/step.ts'
import { parsePolicy } from '../../../core/own-policy.ts'
import { policy } from '../../../core/policy.ts'

function specOf(metrics: readonly MetricSpec[], rules: Partial<HpaSpec> = {}): HpaSpec {
  return { minReplicas: 1, maxReplicas: 10_000, metrics, ...defaultRules, ...rules }
}

/** What one metric of a target of 100 asks for. */
function proposal(type: MetricSpec['type'], replicas: number, reading: Reading, target = 100) {
  return proposalOf(specOf([{ type, target }]), { replicas, readyReplicas: replicas }, [reading])
}

/** Syncs in which a `Value` metric asks for so many replicas, one every `everySeconds`. */
function replay(
  spec: HpaSpec,
  replicas: number,
  proposals: readonly number[],
  everySeconds: number,
): readonly number[] {
  let before: Pick<HpaStep, 'state' | 'replicas'> = { state: initialState, replicas }
  return proposals.map((wanted, at) => {
    before = stepHpa(spec, before.state, {
      atSeconds: at * everySeconds,
      replicas: before.replicas,
      readyReplicas: before.replicas,
      // AverageValue with a target of 1 asks for its value.
      readings: [wanted],
    })
    return before.replicas
  })
}

const asks: readonly MetricSpec[] = [{ type: 'AverageValue', target: 1 }]
const rules = (
  policies: readonly ScalingPolicy[],
  more: Partial<ScalingRules> = {},
): ScalingRules => ({
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  toleranceRatio: 0,
  policies,
  ...more,
})
const pods = (value: number, periodSeconds = 60): ScalingPolicy => ({
  type: 'Pods',
  value,
  periodSeconds,
})
const percent = (value: number, periodSeconds = 60): ScalingPolicy => ({
  type: 'Percent',
  value,
  periodSeconds,
})

describe('the examples of the Kubernetes documentation', () => {
  test.each([
    ['200m against 100m doubles', 'Pods', 3, 200, 6],
    ['50m against 100m halves', 'Pods', 4, 50, 2],
    ['within a tenth nothing happens, up', 'Pods', 10, 110, 10],
    ['within a tenth nothing happens, down', 'Pods', 10, 90, 10],
    ['beyond it, up', 'Pods', 10, 111, 12],
    ['beyond it, down', 'Pods', 10, 89, 9],
  ] as const)('%s', (_, type, replicas, value, wanted) => {
    expect(proposal(type, replicas, value)).toBe(wanted)
  })

  test('50 replicas at 90 % with a target of 75 % become 60', () => {
    expect(proposal('Value', 50, 90, 75)).toBe(60)
  })

  test('a tolerance of 5 % acts at 106 and not at 105 of 100', () => {
    const spec = specOf([{ type: 'Value', target: 100 }], {
      scaleUp: { ...defaultRules.scaleUp, toleranceRatio: 0.05 },
    })
    const fleet = { replicas: 20, readyReplicas: 20 }
    expect(proposalOf(spec, fleet, [105])).toBe(20)
    expect(proposalOf(spec, fleet, [106])).toBe(22)
  })

  test('80 replicas on their way to 10 lose 10 % a minute, and 4 where that is more', () => {
    const spec = specOf(asks, { scaleDown: rules([pods(4), percent(10)]) })
    expect(
      replay(
        spec,
        80,
        Array.from({ length: 15 }, () => 10),
        60,
      ),
    ).toEqual([72, 64, 57, 51, 45, 40, 36, 32, 28, 24, 20, 16, 12, 10, 10])
  })

  test('with selectPolicy Min the smaller change counts, Disabled allows none', () => {
    const limited = (selectPolicy: ScalingRules['selectPolicy']) =>
      replay(
        specOf(asks, { scaleDown: rules([pods(5), percent(10)], { selectPolicy }) }),
        80,
        [10],
        60,
      )
    expect(limited('Min')).toEqual([75])
    expect(limited('Disabled')).toEqual([80])
  })

  test('the defaults double, or add 4, every 15 s, and wait 5 min before they remove', () => {
    const spec = specOf(asks, { scaleUp: { ...defaultRules.scaleUp } })
    expect(replay(spec, 1, [100, 100, 100, 100, 100], 15)).toEqual([5, 10, 20, 40, 80])
    // The last sync at which 10 were asked for is at 0 s; it leaves the window at 300 s.
    const down = replay(
      spec,
      10,
      Array.from({ length: 21 }, () => 3),
      15,
    )
    expect(down.slice(0, 20)).toEqual(Array.from({ length: 20 }, () => 10))
    expect(down[20]).toBe(3)
  })

  test('of several metrics the largest proposal counts', () => {
    const spec = specOf([
      { type: 'Value', target: 100 },
      { type: 'Value', target: 1 },
    ])
    const fleet = { replicas: 4, readyReplicas: 4 }
    expect(proposalOf(spec, fleet, [50, 1])).toBe(4)
    expect(proposalOf(spec, fleet, [50, 0])).toBe(2)
    expect(proposalOf(spec, fleet, [150, 3])).toBe(12)
  })

  test('where a metric cannot be read, replicas may come and not go', () => {
    const spec = specOf([
      { type: 'Value', target: 100 },
      { type: 'Value', target: 1 },
    ])
    const fleet = { replicas: 4, readyReplicas: 4 }
    expect(proposalOf(spec, fleet, [150, undefined])).toBe(6)
    expect(proposalOf(spec, fleet, [50, undefined])).toBeUndefined()
    expect(proposalOf(spec, fleet, [undefined, undefined])).toBeUndefined()
  })

  test('nothing known changes nothing, and is not remembered', () => {
    const spec = specOf([{ type: 'Value', target: 100 }])
    const step = stepHpa(spec, initialState, {
      ...{ atSeconds: 0, replicas: 4, readyReplicas: 4, readings: [undefined] },
    })
    expect(step).toMatchObject({ replicas: 4, proposal: undefined })
    expect(step.state.recommendations).toEqual([{ atSeconds: 0, replicas: 4 }])
  })

  test.each([
    // 3 of 4 give 50: the missing one counts as 100, so 62.5 and three instead of two.
    ['a missing pod is at the target where some would go', [50, 50, 50], 1, 0, 3],
    // 3 of 4 give 200: the missing one counts as 0, so 150 and six instead of eight.
    ['a missing pod is at 0 where some would come', [200, 200, 200], 1, 0, 6],
    ['what missing pods turn round is left', [120, 120], 2, 0, 4],
    ['an unready pod is at 0 where some would come', [200, 200, 200], 0, 1, 6],
    ['an unready pod does not count where some would go', [50, 50, 50], 0, 1, 2],
    ['no value at all is a metric that cannot be read', [], 4, 0, undefined],
  ])('%s', (_, values, missing, unready, wanted) => {
    expect(proposal('Pods', 4, { values, missing, unready })).toBe(wanted)
  })
})

describe('the examples of KEP-853', () => {
  test('900 %: 1, 10, 100, 1000', () => {
    const spec = specOf(asks, { scaleUp: rules([percent(900)]) })
    expect(replay(spec, 1, [1000, 1000, 1000], 60)).toEqual([10, 100, 1000])
  })

  test('a pod every ten minutes', () => {
    const spec = specOf(asks, { scaleDown: rules([pods(1, 600)]) })
    expect(
      replay(
        spec,
        1000,
        Array.from({ length: 12 }, () => 1),
        60,
      ),
    ).toEqual([...Array.from({ length: 10 }, () => 999), ...[998, 998]])
  })

  test('a pod a minute: 1, 2, 3, 4', () => {
    const spec = specOf(asks, { scaleUp: rules([pods(1)]) })
    expect(replay(spec, 1, [9, 9, 9], 60)).toEqual([2, 3, 4])
  })

  test('ten minutes of recommendations: the largest counts, and 10 becomes 9 on the eleventh', () => {
    const spec = specOf(asks, {
      scaleDown: rules([pods(5)], { stabilizationWindowSeconds: 600 }),
    })
    expect(replay(spec, 10, [10, 9, 8, 9, 9, 8, 9, 8, 9, 8, 7], 60)).toEqual([
      ...Array.from({ length: 10 }, () => 10),
      9,
    ])
  })
})

describe('the examples of KEDA', () => {
  test('20 messages, 5 a replica, 3 replicas: AverageValue asks for 4, Value for 12', () => {
    expect(proposal('AverageValue', 3, 20, 5)).toBe(4)
    expect(proposal('Value', 3, 20, 5)).toBe(12)
  })
})

describe('the table of the guidance', () => {
  const spec = specOf([{ type: 'Value', target: 0.7 }], tolerantBehaviorOf(policy))
  const at = (replicas: number, ratio: number) =>
    proposalOf(spec, { replicas, readyReplicas: replicas }, [ratio])

  test('the tolerances are those of the policy', () => {
    expect(tolerancesOf(policy)).toEqual({ up: 0.143, down: 0.429 })
    const own = parsePolicy({
      scaleOut: { utilizationRatio: 0.85 },
      scaleIn: { utilizationRatio: 0.35 },
    })
    if ('problems' in own) throw new Error(own.problems.join())
    expect(tolerancesOf(own.policy)).toEqual({ up: 0.214, down: 0.5 })
  })

  test.each([
    [1, 0.79, 1],
    [1, 0.81, 2],
    [2, 0.81, 3],
    [2, 0.39, 2],
    [2, 0.36, 2],
    [2, 0.34, 1],
    [3, 0.41, 3],
    [3, 0.39, 2],
    [4, 0.39, 3],
    [8, 0.39, 5],
  ])('%i replicas at %d ask for %i', (replicas, ratio, wanted) => {
    expect(at(replicas, ratio)).toBe(wanted)
  })

  test('only replicas that are ready count: one that starts is not added twice', () => {
    expect(proposalOf(spec, { replicas: 2, readyReplicas: 1 }, [0.85])).toBe(2)
  })

  test('a window longer than Kubernetes takes is refused in words', () => {
    const long = { ...policy, scaleIn: { ...policy.scaleIn, windowSeconds: 7200 } }
    expect(() => behaviorOf(long)).toThrow(
      'scaleIn.windowSeconds is 7200, and Kubernetes takes no stabilisation window above 3600 s',
    )
  })
})

describe('whatever the metrics say', () => {
  const behavior = tolerantBehaviorOf(policy)
  const spec: HpaSpec = {
    minReplicas: 2,
    maxReplicas: 9,
    metrics: [{ type: 'Value', target: 0.7 }],
    ...behavior,
  }
  const syncSeconds = 15

  test('bounds hold, and no change goes against its window or its policies', () => {
    const reading = fc.option(fc.double({ min: 0, max: 3, noNaN: true }), { nil: undefined })
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 120 }), (readings) => {
        let state = initialState
        let replicas = 4
        const told: { atSeconds: number; proposal: number; before: number; after: number }[] = []
        readings.forEach((value, at) => {
          const atSeconds = at * syncSeconds
          const before = replicas
          const step = stepHpa(spec, state, {
            ...{ atSeconds, replicas, readyReplicas: replicas, readings: [value] },
          })
          state = step.state
          replicas = step.replicas
          expect(replicas).toBeGreaterThanOrEqual(spec.minReplicas)
          expect(replicas).toBeLessThanOrEqual(spec.maxReplicas)
          if (step.proposal === undefined) {
            expect(replicas).toBe(before)
            return
          }
          told.push({ atSeconds, proposal: step.proposal, before, after: replicas })
          const within = (seconds: number) =>
            told.filter((one) => one.atSeconds > atSeconds - seconds)
          if (replicas > before) {
            const window = within(behavior.scaleUp.stabilizationWindowSeconds)
            expect(Math.min(...window.map(({ proposal }) => proposal))).toBeGreaterThan(before)
            const added = within(60).reduce(
              (sum, one) => sum + Math.max(0, one.after - one.before),
              0,
            )
            expect(added).toBeLessThanOrEqual(Math.max(2, Math.ceil(before * 0.5)))
          }
          if (replicas < before) {
            const window = within(behavior.scaleDown.stabilizationWindowSeconds)
            expect(Math.max(...window.map(({ proposal }) => proposal))).toBeLessThan(before)
            expect(before - replicas).toBe(1)
          }
        })
        // What is remembered is bounded by the windows, however long it goes on.
        expect(state.recommendations.length).toBeLessThanOrEqual(300 / syncSeconds + 1)
        expect(state.changes.length).toBeLessThanOrEqual(300 / syncSeconds + 1)
      }),
      { numRuns: 200 },
    )
  })
})
