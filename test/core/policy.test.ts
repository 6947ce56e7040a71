import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePolicy } from '../../core/own-policy.ts'
import { bandsOf, policy, thresholdNames, thresholdsOf } from '../../core/policy.ts'

/** The policy that `given` makes; fails the test when it makes none. */
function made(given: unknown) {
  const result = parsePolicy(given)
  if ('problems' in result) throw new Error(result.problems.join('; '))
  return result.policy
}

function problems(given: unknown): readonly string[] {
  const result = parsePolicy(given)
  return 'problems' in result ? result.problems : []
}

test('the numbers of the article', () => {
  expect(policy.scaleOut).toEqual({ utilizationRatio: 0.8, windowSeconds: 60 })
  expect(policy.scaleIn).toEqual({ utilizationRatio: 0.4, windowSeconds: 300 })
  expect(policy.waste).toEqual({ utilizationRatio: 0.6, windowSeconds: 1800 })
  expect(policy.target.utilizationRatio).toBe(0.7)
  expect(policy.batchPairs).toEqual({ minimum: 4, maximum: 8 })
})

test('the shipped policy obeys its own rules', () => {
  expect(made(policy)).toEqual(policy)
  expect(made({})).toEqual(policy)
})

test('windows hold the samples that the alerts ask for, at one scrape an evaluation', () => {
  const { evaluationSeconds, faultWindowSeconds, minimumSamples } = policy.alerting
  const shortest = Math.min(
    faultWindowSeconds,
    policy.budget.windowSeconds,
    ...Object.values(thresholdsOf(policy)).map(({ windowSeconds }) => windowSeconds),
  )
  expect(shortest / evaluationSeconds).toBeGreaterThanOrEqual(minimumSamples)
})

describe('parsePolicy', () => {
  test('replaces the given keys and keeps the others, one level deep', () => {
    const own = made({ scaleOut: { utilizationRatio: 0.85 }, p95Seconds: 0.8 })
    expect(own).toEqual({
      ...policy,
      scaleOut: { utilizationRatio: 0.85, windowSeconds: 60 },
      p95Seconds: 0.8,
    })
    expect(policy.scaleOut.utilizationRatio).toBe(0.8)
  })

  test.each([
    ['a ratio in percent', { scaleOut: { utilizationRatio: 80 } }, 'scaleOut.utilizationRatio: '],
    ['a ratio of one', { minimumCoverageRatio: 1 }, 'minimumCoverageRatio: '],
    ['a window of nothing', { scaleIn: { windowSeconds: 0 } }, 'scaleIn.windowSeconds: '],
    ['half a second', { scaleOut: { windowSeconds: 90.5 } }, 'scaleOut.windowSeconds: '],
    [
      'half an evaluation',
      { alerting: { evaluationSeconds: 7.5 } },
      'alerting.evaluationSeconds: ',
    ],
    ['a number as text', { p95Seconds: '0.5' }, 'p95Seconds: '],
    ['half a batch', { batchPairs: { minimum: 0.5 } }, 'batchPairs.minimum: '],
    ['a misspelt key', { scaleout: {} }, 'policy: scaleout is not known here'],
    ['a misspelt inner key', { scaleOut: { ratio: 0.8 } }, 'scaleOut: ratio is not known here'],
    ['no mapping', 'loud', 'policy: '],
    ['nothing', null, 'policy: '],
  ])('%s is refused', (_, given, start) => {
    expect(problems(given)).toEqual([expect.stringContaining(start)])
  })

  test('names every problem at once', () => {
    expect(problems({ p95Seconds: -1, scaleOut: { utilizationRatio: 2 } })).toHaveLength(2)
  })

  test('lines that do not rise are refused with their values', () => {
    expect(problems({ scaleIn: { utilizationRatio: 0.65 } })).toEqual([
      'utilizationRatio must rise from scaleIn over waste and target to scaleOut, not 0.65, 0.6, 0.7, 0.8',
    ])
  })

  test('a smallest batch above the largest is refused', () => {
    expect(problems({ batchPairs: { minimum: 9 } })).toEqual([
      'batchPairs.minimum must not be above batchPairs.maximum, not 9 and 8',
    ])
  })

  test.each([0.001, 30, 60])(
    'a p95 of %d s, which no bucket can tell, is refused',
    (p95Seconds) => {
      expect(problems({ p95Seconds })).toEqual([
        `p95Seconds must lie where the histogram can tell (1.3 ms to 25.00 s), not ${String(p95Seconds)}`,
      ])
    },
  )

  test('answers anything with a policy or with problems, never by throwing', () => {
    fc.assert(
      fc.property(fc.anything(), (given) => {
        const result = parsePolicy(given)
        return 'policy' in result || result.problems.length > 0
      }),
    )
  })
})

const lines = fc
  .uniqueArray(fc.integer({ min: 1, max: 999 }), { minLength: 4, maxLength: 4 })
  .map((permille) => permille.toSorted((a, b) => a - b).map((each) => each / 1000))

describe('bandsOf', () => {
  test('the default bands, as the contract names them', () => {
    expect(bandsOf(policy)).toEqual([
      { name: 'below_40', fromRatio: 0, toRatio: 0.4 },
      { name: '40_60', fromRatio: 0.4, toRatio: 0.6 },
      { name: '60_80', fromRatio: 0.6, toRatio: 0.8 },
      { name: 'above_80', fromRatio: 0.8, toRatio: 1 },
    ])
  })

  test('names carry no binary noise', () => {
    const own = made({ waste: { utilizationRatio: 0.57 }, scaleIn: { utilizationRatio: 0.29 } })
    expect(bandsOf(own).map(({ name }) => name)).toEqual(['below_29', '29_57', '57_80', 'above_80'])
  })

  test('under any policy the bands cover 0 to 1 without a gap, each with a name of its own', () => {
    fc.assert(
      fc.property(lines, (ratios) => {
        const [scaleIn, waste, target, scaleOut] = ratios.map((utilizationRatio) => ({
          utilizationRatio,
        }))
        const bands = bandsOf(made({ scaleIn, waste, target, scaleOut }))
        expect(bands[0]?.fromRatio).toBe(0)
        expect(bands.at(-1)?.toRatio).toBe(1)
        for (const [at, band] of bands.slice(1).entries()) {
          expect(band.fromRatio).toBe(bands[at]?.toRatio)
        }
        expect(new Set(bands.map(({ name }) => name)).size).toBe(4)
      }),
    )
  })
})

test('thresholds stand in rising order under the names of the metric label', () => {
  const ratios = thresholdNames.map((name) => thresholdsOf(policy)[name].utilizationRatio)
  expect(ratios).toEqual([0.4, 0.6, 0.7, 0.8])
})
