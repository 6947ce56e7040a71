import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Random } from '../../../loadgen/dataset/random.ts'
import {
  blockLength,
  sortSamples,
  weightedMean,
  weightedPercentile,
} from '../../../loadgen/measure/bootstrap.ts'
import { compareRuns } from '../../../loadgen/measure/compare.ts'
import { percentile } from '../../../loadgen/measure/percentile.ts'
import { madeRun, type MadeRun } from '../report/made-run.ts'

/** Log-normal latencies that grow with the documents, as a reranker's do; `factor` slower. */
function noisyRun(seed: number, factor = 1, more: MadeRun = {}) {
  const random = new Random(seed, 'latencies')
  return madeRun({
    seconds: 60,
    gpu: false,
    latencyOf: (_, documents) => factor * random.logNormal(0.02 + documents / 500, 0.15),
    ...more,
  })
}
const p95Of = (comparison: ReturnType<typeof compareRuns>) =>
  comparison.changes.find(({ figure }) => figure === 'p95')!

test('a weighted percentile is the percentile of the samples written out', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 10, noNaN: true }), fc.nat(3)), {
        minLength: 1,
        maxLength: 60,
      }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (pairs, q) => {
        const sorted = sortSamples(pairs.map(([value], unit) => ({ unit, value })))
        const weights = Uint32Array.from(pairs, ([, weight]) => weight)
        const written = pairs.flatMap(([value, weight]) => Array<number>(weight).fill(value))
        const expected = percentile(Float64Array.from(written).sort(), q)
        const found = weightedPercentile(sorted, weights, q)
        if (expected === undefined) expect(found).toBeUndefined()
        else expect(found).toBeCloseTo(expected, 9)
        const mean = weightedMean(sorted, weights)
        if (written.length === 0) expect(mean).toBeUndefined()
        else expect(mean).toBeCloseTo(written.reduce((a, b) => a + b, 0) / written.length, 9)
      },
    ),
  )
})

test('A against A: no difference in about 95 of 100 cases', () => {
  const verdicts = Array.from({ length: 40 }, (_, k) =>
    compareRuns(noisyRun(2 * k), noisyRun(2 * k + 1)),
  )
  const none = verdicts.filter(({ verdict }) => verdict === 'no_difference').length
  expect(none).toBeGreaterThanOrEqual(34)
  expect(verdicts.every(({ paired }) => paired)).toBe(true)
})

test('five jams against one are chance, however many requests stood in them', () => {
  const jammed = (seed: number, jams: readonly number[]) =>
    noisyRun(seed, 1, {
      seconds: 800,
      latencyOf: (index) =>
        jams.some((start) => index >= start && index < start + 80) ? 2 + index / 1e6 : 0.05,
    })
  const [few, many] = [jammed(1, [2000]), jammed(2, [300, 900, 1700, 2600, 3500])]
  expect(p95Of(compareRuns(few, many)).verdict).toBe('no_difference')
  const often = Array.from({ length: 20 }, (_, jam) => 100 + 190 * jam)
  expect(p95Of(compareRuns(few, jammed(2, often))).verdict).toBe('worse')
})

test('a block holds what was slow together several times, and there are always a few', () => {
  expect(blockLength(1000, 1)).toBe(10)
  expect(blockLength(1000, 20)).toBe(80)
  expect(blockLength(1000, 400)).toBe(250)
  expect(blockLength(2, 1)).toBe(1)
})

test('a server that is 10 % slower is found, and the interval holds the truth', () => {
  const found = Array.from({ length: 12 }, (_, k) =>
    compareRuns(noisyRun(2 * k), noisyRun(2 * k + 1, 1.1)),
  )
  expect(found.filter(({ verdict }) => verdict === 'worse').length).toBeGreaterThanOrEqual(10)
  expect(found.filter(({ verdict }) => verdict === 'better')).toEqual([])
  // The true p95 of the slower one is 10 % above the other's.
  const truths = found.filter((one) => {
    const { base, interval } = p95Of(one)
    return interval![0] <= base! * 0.1 * 1.05 && interval![1] >= base! * 0.1 * 0.95
  })
  expect(truths.length).toBeGreaterThanOrEqual(10)
})

test('the same two runs get the same figures, and swapped the opposite ones', () => {
  const [a, b] = [noisyRun(1), noisyRun(2, 1.2)]
  expect(compareRuns(a, b)).toEqual(compareRuns(a, b))
  expect(compareRuns(a, b).verdict).toBe('worse')
  expect(compareRuns(b, a).verdict).toBe('better')
  const [there, back] = [p95Of(compareRuns(a, b)), p95Of(compareRuns(b, a))]
  expect(back.difference).toBeCloseTo(-there.difference!, 12)
  expect(back.interval![0]).toBeCloseTo(-there.interval![1], 9)
})

test('known latencies: the difference is exact and certain', () => {
  const slower = madeRun({ latencyOf: (_, documents) => 0.025 + documents / 1000, gpu: false })
  const { changes, verdict, samples, notes } = compareRuns(madeRun({ gpu: false }), slower)
  expect(verdict).toBe('worse')
  expect(samples).toEqual([100, 100])
  expect(changes[0]).toMatchObject({ figure: 'p95', base: expect.closeTo(0.07, 9) as number })
  expect(changes[0]?.interval?.[0]).toBeCloseTo(0.005, 9)
  expect(changes[0]?.interval?.[1]).toBeCloseTo(0.005, 9)
  expect(changes.find(({ figure }) => figure === 'pairs_per_second')?.verdict).toBe('no_difference')
  expect(notes).toContain(
    'both runs sent the same requests at the same times, and are compared request by request',
  )
})

test('a server that is faster because it refuses is worse', () => {
  const refusing = noisyRun(2, 0.5, { outcomeOf: (k) => (k % 4 === 0 ? 'rejected_429' : 'ok') })
  const { verdict, changes } = compareRuns(noisyRun(1), refusing)
  expect(p95Of({ changes } as ReturnType<typeof compareRuns>).verdict).toBe('better')
  expect(verdict).toBe('worse')
})

test('different loads are not paired, and the note says what that means', () => {
  const other = noisyRun(2, 1, { queriesPerSecond: 10 })
  const { paired, notes } = compareRuns(noisyRun(1), other)
  expect(paired).toBe(false)
  expect(notes[0]).toBe('the runs sent different requests: what differs may be the load')
})

test('too few samples, an INVALID run, a run of nothing: no verdict', () => {
  const few = compareRuns(madeRun({ seconds: 10 }), madeRun({ seconds: 10 }))
  expect(few.verdict).toBe('not_known')
  expect(few.notes.at(-1)).toBe('too few samples for p95: p95 takes 90, the others 30')
  const totals = { planned: 300, unsent: 200, unfinished: 0 }
  const invalid = compareRuns(noisyRun(1), noisyRun(2, 1, { changes: { totals } }))
  expect(invalid.verdict).toBe('not_known')
  const empty = { ...madeRun(), observations: [] }
  expect(compareRuns(empty, madeRun()).changes[0]).toEqual({
    figure: 'p95',
    base: null,
    other: expect.closeTo(0.07, 9) as number,
    difference: null,
    interval: null,
    verdict: 'not_known',
  })
})
