import { describe, expect, test } from 'vitest'
import {
  guide,
  guidanceStates,
  guideRun,
  settle,
  type Evidence,
  type GuidanceState,
  type HeldGuidance,
} from '../../core/guidance.ts'
import { policy, type Threshold } from '../../core/policy.ts'

const { scaleIn, waste, scaleOut, target, minimumCoverageRatio } = policy
/** The smallest step off a line that is still the same number to a person. */
const epsilon = 1e-9

/** A deployment whose every window was fully observed at one mean, with what a test changes. */
function evidence(meanRatio: number | undefined, changes: Partial<Evidence> = {}): Evidence {
  return {
    measurable: true,
    utilization: (windowSeconds) => ({ observedSeconds: windowSeconds, meanRatio }),
    emulated: false,
    queriesPerSecond: 5,
    p95Seconds: policy.p95Seconds / 2,
    queuePairs: 0,
    powerRatio: 0.5,
    ...changes,
  }
}

const stateAt = (meanRatio: number, changes?: Partial<Evidence>) =>
  guide(evidence(meanRatio, changes), policy).state

/** Only the last `seconds` were observed, at one mean. */
const lately = (seconds: number, meanRatio: number) => ({
  utilization: (windowSeconds: number) => ({
    observedSeconds: Math.min(seconds, windowSeconds),
    meanRatio,
  }),
})

test('every state can be reached', () => {
  const reached = [
    stateAt((scaleIn.utilizationRatio + 0) / 2),
    stateAt((scaleIn.utilizationRatio + waste.utilizationRatio) / 2),
    stateAt(target.utilizationRatio),
    stateAt((scaleOut.utilizationRatio + 1) / 2),
    guide(evidence(undefined, { measurable: false }), policy).state,
    guide(evidence(undefined, { measurable: undefined }), policy).state,
  ]
  expect(reached).toEqual(guidanceStates)
})

test.each([
  [scaleOut.utilizationRatio + epsilon, 'scale_out'],
  [scaleOut.utilizationRatio, 'healthy'],
  [waste.utilizationRatio, 'healthy'],
  [waste.utilizationRatio - epsilon, 'waste'],
  [scaleIn.utilizationRatio, 'waste'],
  [scaleIn.utilizationRatio - epsilon, 'scale_in'],
  [0, 'scale_in'],
  [1, 'scale_out'],
])('a mean of %d is %s', (meanRatio, state) => {
  expect(stateAt(meanRatio)).toBe(state)
})

test('the lines are those of the policy that is given, not the default ones', () => {
  const moved = (threshold: Threshold, utilizationRatio: number) => ({
    ...threshold,
    utilizationRatio,
  })
  const strict = { ...policy, scaleOut: moved(scaleOut, scaleOut.utilizationRatio + 0.1) }
  const between = evidence(scaleOut.utilizationRatio + 0.05)
  expect(guide(between, policy).state).toBe('scale_out')
  expect(guide(between, strict).state).toBe('healthy')
  const lax = { ...policy, waste: moved(waste, waste.utilizationRatio - 0.1) }
  const wasteful = evidence(waste.utilizationRatio - 0.05)
  expect(guide(wasteful, policy).state).toBe('waste')
  expect(guide(wasteful, lax).state).toBe('healthy')
})

test('nothing is said before enough of the shortest window was observed', () => {
  const enough = scaleOut.windowSeconds * minimumCoverageRatio
  const { state, reasons } = guide(evidence(1, lately(enough - 0.1, 1)), policy)
  expect(state).toBe('unknown')
  expect(reasons[0]).toBe('only 54 s of the last 1 min were observed')
  expect(guide(evidence(1, lately(enough, 1)), policy).state).toBe('scale_out')
})

test('scale in waits for its own window, waste for its longer one', () => {
  const idle = scaleIn.utilizationRatio / 2
  const inWindow = scaleIn.windowSeconds * minimumCoverageRatio
  expect(guide(evidence(idle, lately(inWindow - 1, idle)), policy).state).toBe('healthy')
  expect(guide(evidence(idle, lately(inWindow, idle)), policy).state).toBe('scale_in')
  const low = waste.utilizationRatio - 0.05
  const wasteWindow = waste.windowSeconds * minimumCoverageRatio
  expect(guide(evidence(low, lately(wasteWindow - 1, low)), policy).state).toBe('healthy')
  expect(guide(evidence(low, lately(wasteWindow, low)), policy).state).toBe('waste')
})

test('without traffic a low utilisation is no waste', () => {
  const low = waste.utilizationRatio - 0.05
  expect(stateAt(low, { queriesPerSecond: 0 })).toBe('healthy')
  expect(stateAt(low, { queriesPerSecond: undefined })).toBe('healthy')
})

test('a second witness turns scale in into waste: the time is lost elsewhere', () => {
  const idle = scaleIn.utilizationRatio / 2
  expect(stateAt(idle, { queuePairs: 1 })).toBe('waste')
  expect(stateAt(idle, { p95Seconds: policy.p95Seconds + epsilon })).toBe('waste')
  expect(stateAt(idle, { p95Seconds: policy.p95Seconds, queuePairs: 0 })).toBe('scale_in')
})

test('a p95 over its budget is not "nothing to do", whatever the utilisation', () => {
  const at = (ofBudget: number) =>
    guide(evidence(0.7, { p95Seconds: policy.p95Seconds * ofBudget }), policy)
  expect(at(0.9)).toMatchObject({ state: 'healthy', recommendation: 'Nothing to do.' })
  expect(at(1.1)).toMatchObject({
    state: 'healthy',
    recommendation: expect.stringMatching(
      /^The GPU is no reason to act, but p95 is over/,
    ) as string,
  })
})

test('the reasons name the figures: utilisation first, then every witness that is known', () => {
  const { reasons } = guide(
    evidence(0.9, { p95Seconds: 0.75, queuePairs: 12, powerRatio: 0.876 }),
    policy,
  )
  expect(reasons).toEqual([
    'utilisation was 90 % over 60 s, over the 80 % line',
    'p95 is 750 ms (over 500 ms), 12 pairs wait, power is at 88 % of its limit',
  ])
})

test('a missing witness is said to be missing', () => {
  const { reasons } = guide(
    evidence(0.9, { p95Seconds: undefined, queuePairs: undefined, powerRatio: undefined }),
    policy,
  )
  expect(reasons[1]).toBe('no second witness: neither latency, queue nor power is known')
})

test('an emulated device is called so in every reason list that judges it', () => {
  for (const meanRatio of [0.1, 0.5, 0.7, 0.9]) {
    const { reasons } = guide(evidence(meanRatio, { emulated: true }), policy)
    expect(reasons.at(-1)).toBe('the device is emulated, not a GPU')
  }
})

test('unmeasurable and unknown say why and what to do instead', () => {
  expect(guide(evidence(undefined, { measurable: false }), policy)).toEqual({
    state: 'unmeasurable',
    reasons: ['the driver reports no utilisation for this GPU (N/A), as under MIG'],
    recommendation: 'Scale on queue and p95 instead: this GPU reports no utilisation.',
  })
  expect(guide(evidence(undefined, { measurable: undefined }), policy)).toEqual({
    state: 'unknown',
    reasons: ['no GPU is watched, or none answers: the health of the sources says why'],
    recommendation: 'Mend the source that is down, or choose another with --gpu.',
  })
})

test('every state has a recommendation of its own', () => {
  const recommendations = [0.1, 0.5, 0.7, 0.9].map(
    (meanRatio) => guide(evidence(meanRatio), policy).recommendation,
  )
  expect(new Set(recommendations).size).toBe(4)
})

test('a run is judged over itself alone, and says so', () => {
  const { state, reasons } = guideRun(
    {
      ...evidence(undefined),
      run: { observedSeconds: 20, meanRatio: waste.utilizationRatio - 0.01 },
    },
    policy,
  )
  expect(state).toBe('waste')
  expect(reasons.at(-1)).toMatch(/^judged over this run's 20 s alone/)
})

test('scale out without a second witness says to batch first; any witness says to add a replica', () => {
  const adviceOf = (changes: Partial<Evidence>) =>
    guide(evidence(0.9, changes), policy).recommendation
  expect(adviceOf({})).toMatch(/^Try larger batches before a replica/)
  const full = { powerRatio: scaleOut.utilizationRatio + epsilon }
  const unknown = { p95Seconds: undefined, queuePairs: undefined }
  for (const changes of [
    { queuePairs: 1 },
    { p95Seconds: policy.p95Seconds + epsilon },
    full,
    // Of latency and queue nothing is known: power alone does not say that nothing waits.
    { ...unknown, powerRatio: 0.3 },
    { ...unknown, powerRatio: undefined },
  ]) {
    expect(adviceOf(changes)).toMatch(/^Add a replica/)
  }
})

describe('hysteresis', () => {
  const keep = policy.alerting.keepFiringSeconds
  const said = (state: GuidanceState) => ({
    state,
    reasons: [`${state} it is`],
    recommendation: state,
  })
  /** What is in force after each `[seconds, state as guide says it]`. */
  const play = (...steps: readonly (readonly [number, GuidanceState])[]) => {
    let held: HeldGuidance | undefined
    return steps.map(([atSeconds, state]) => {
      held = settle(held, said(state), atSeconds, policy)
      return held.guidance.state
    })
  }

  test('a state stays for as long as an alert keeps firing after its reason went away', () => {
    const last = 10
    expect(
      play(
        [0, 'scale_out'],
        [last, 'scale_out'],
        [last + 1, 'healthy'],
        [last + keep - 0.1, 'healthy'],
        [last + keep, 'healthy'],
      ),
    ).toEqual(['scale_out', 'scale_out', 'scale_out', 'scale_out', 'healthy'])
  })

  test('a mean that swings around a line does not make the advice swing', () => {
    const swings = Array.from(
      { length: 600 },
      (_, second) => [second, second % 3 === 0 ? 'scale_out' : 'healthy'] as const,
    )
    expect(new Set(play(...swings))).toEqual(new Set(['scale_out']))
  })

  test('what is more urgent comes at once, and so does what cannot be said', () => {
    const rising = ['healthy', 'scale_in', 'waste', 'scale_out'] as const
    expect(play(...rising.map((state, at) => [at, state] as const))).toEqual(rising)
    const gap = ['scale_out', 'unknown', 'healthy', 'unmeasurable', 'scale_in'] as const
    expect(play(...gap.map((state, at) => [at, state] as const))).toEqual(gap)
  })

  test('says since when its reason is gone, and keeps its own recommendation', () => {
    const first = settle(undefined, said('waste'), 0, policy)
    const held = settle(first, said('healthy'), 42, policy)
    expect(held).toEqual({
      sinceSeconds: 0,
      seenSeconds: 0,
      guidance: {
        state: 'waste',
        recommendation: 'waste',
        reasons: [
          'healthy it is',
          'its reason went away 42 s ago: advice stands for 3 min, so that it does not flap',
        ],
      },
    })
    expect(settle(held, said('waste'), 50, policy)).toMatchObject({
      sinceSeconds: 0,
      seenSeconds: 50,
    })
  })
})
