import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { article } from '../../comparison/article.ts'
import { cards, peakTflopsOf } from '../../comparison/cards.ts'
import { pendingOf, testsOf, visitsOf } from '../../comparison/cells.ts'
import { encodeCellRecord, readJournal } from '../../comparison/journal.ts'
import { parseMatrix } from '../../comparison/matrix.ts'
import { plausibilityOf } from '../../comparison/plausibility.ts'
import { ndcg10, qualityOf, reciprocalRank } from '../../comparison/quality.ts'
import { loadVerdict } from '../../comparison/reasons.ts'
import { estimatedSeconds, remainingSeconds } from '../../comparison/schedule.ts'
import { spreadOf } from '../../comparison/spread.ts'
import { madeMatrix, matrixOf } from './made-bench.ts'

describe('a matrix', () => {
  test('tells everything that is wrong with it at once', () => {
    const parsed = parseMatrix({
      rounds: 0,
      targets: [
        { name: 'A', serve: { model: 'embedded', twin: 'tiny-bert' } },
        { name: 'b', serve: { model: 'embedded' }, url: 'http://x' },
        { name: 'b', url: 'ftp://x', tolkenizer: 'y' },
        { name: 'c', url: 'http://me:secret@host', dialect: 'tea' },
      ],
      tests: ['quality'],
      weights: { speed: 1 },
      testSeconds: { memory: 3 },
    })
    const problems = 'problems' in parsed ? parsed.problems : []
    const told = problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
    expect(told.join('\n')).not.toContain('secret')
    for (const part of [
      'rounds: ',
      'targets.0.name: expected lower-case letters',
      'targets.0.serve.model: give model or twin, and not both',
      'targets.2.url: expected a URL with http:// or https://',
      'targets.2.tolkenizer: is no key of a matrix',
      'targets.3.dialect: expected auto or one of tei,',
      'weights.speed',
      'testSeconds.memory',
    ]) {
      expect(
        told.some((one) => one.startsWith(part)),
        part,
      ).toBe(true)
    }
  })

  test('tells what does not go together', () => {
    const problemsOf = (given: object) => {
      const parsed = parseMatrix(given)
      return 'problems' in parsed
        ? parsed.problems.map(({ path, message }) => `${path.join('.')}: ${message}`)
        : []
    }
    const serve = { model: 'embedded' }
    expect(
      problemsOf({
        tests: ['quality'],
        targets: [
          { name: 'a', serve, url: 'http://x', sidecar: 'http://y' },
          { name: 'a', serve, sidecar: 'http://y' },
          { name: 'b', url: 'http://x', outside: true },
          { name: 'c', url: 'http://x', apiKeyFile: 'k', apiKeyEnvironment: 'K' },
          { name: 'd', url: 'http://me:secret@host', pricePerHour: 1, pricePerThousandQueries: 1 },
        ],
      }),
    ).toEqual([
      'targets.0.serve: give serve (we start it) or url (it runs elsewhere), and not both',
      'targets.1.sidecar: belongs to url: beside what we start we start one',
      'targets.2.outside: belongs to serve: what runs elsewhere is',
      'targets.3.apiKeyFile: give it or apiKeyEnvironment, and not both',
      'targets.4.url: holds a user, which would be written down; put a key into apiKeyFile',
      'targets.4.pricePerThousandQueries: give it or pricePerHour, and not both',
      'targets.1.name: is taken',
      'quality: is missing: the test quality needs a labelled set, as quality: {dataset: PATH}',
    ])
  })

  test.each(['docs/bench.md', 'comparison/demo.yaml', 'test/gpu/bench.yaml'])(
    'as %s shows it is one',
    (file) => {
      const text = readFileSync(resolve(import.meta.dirname, '../..', file), 'utf8')
      const [, example = text] = /```yaml\n([\s\S]*?)```/.exec(text) ?? []
      const { targets } = matrixOf(parse(example) as object)
      expect(targets.length).toBeGreaterThan(1)
    },
  )

  test('needs no more than a target', () => {
    const { rounds, seconds, testSeconds, timeoutSeconds } = matrixOf({
      targets: [{ name: 'one', url: 'http://x' }],
    })
    expect({ rounds, seconds, testSeconds, timeoutSeconds }).toEqual({
      ...{ rounds: 3, seconds: 20, testSeconds: { stability: 60 }, timeoutSeconds: 30 },
    })
  })
})

describe('cells', () => {
  const visits = visitsOf(madeMatrix)

  test('all targets take turns, backwards in every second round', () => {
    expect(visits.map(({ target, cells }) => `${target.name} ${String(cells[0]?.round)}`)).toEqual([
      ...['v2-m3 1', 'base 1', 'dead 1', 'api 1'],
      ...['api 2', 'dead 2', 'base 2', 'v2-m3 2'],
    ])
    const ids = visits.flatMap(({ cells }) => cells.map(({ id }) => id))
    expect(new Set(ids).size).toBe(4 * 11 * 2)
    expect(visits[0]?.cells.map(({ test: name }) => name)).toEqual(testsOf(madeMatrix))
  })

  test('quality is measured where there is a labelled set', () => {
    expect(testsOf({ tests: undefined, quality: undefined })).not.toContain('quality')
    expect(testsOf(madeMatrix)).toContain('quality')
    expect(testsOf({ tests: ['high', 'memory'], quality: undefined })).toEqual(['memory', 'high'])
  })

  const prints = (given: object) =>
    visitsOf({ ...madeMatrix, ...given }).flatMap(({ cells }) =>
      cells.map(({ fingerprint }) => fingerprint),
    )

  test('stay the same measurement when only prices, weights or other targets change', () => {
    const [first, ...others] = madeMatrix.targets
    const priced = [{ ...first!, pricePerHour: 99, article: 'm3e-reranker' as const }, ...others]
    expect(prints({ targets: priced, weights: { cost: 1 }, name: 'other' })).toEqual(prints({}))
    expect(prints({ targets: [first] })).toEqual(
      visits
        .filter(({ target }) => target.name === 'v2-m3')
        .flatMap(({ cells }) => cells.map(({ fingerprint }) => fingerprint)),
    )
  })

  test.each([
    { seed: 2 },
    { seconds: 21 },
    { queries: 400 },
    { timeoutSeconds: 5 },
    { dataset: 'x.jsonl' },
  ])('are another measurement with %j', (given) => {
    const before = prints({})
    expect(prints(given).filter((one, at) => one !== before[at]).length).toBeGreaterThan(0)
  })

  test('what is done is left out, and a target with nothing left is not visited', () => {
    const left = pendingOf(visits, ({ target, test: name }) => target !== 'api' || name === 'high')
    expect(left.map(({ cells }) => cells.length)).toEqual([10, 10])
    expect(pendingOf(visits, () => true)).toEqual([])
  })
})

describe('the time that is left', () => {
  test('is the seconds of the loads and what goes with them', () => {
    const matrix = matrixOf({
      tests: ['latency-10', 'stability'],
      rounds: 2,
      targets: [
        { name: 'a', serve: { model: 'embedded' } },
        { name: 'b', url: 'http://x' },
      ],
    })
    // (20 + 1 + 60 + 1) s a visit, four visits, two of them with a start of 3 s.
    expect(estimatedSeconds(visitsOf(matrix), matrix)).toBe(4 * 82 + 2 * 3)
  })

  test('follows how the estimate did so far', () => {
    expect(remainingSeconds(100, { doneSeconds: 0, tookSeconds: 0 })).toBe(100)
    expect(remainingSeconds(100, { doneSeconds: 90, tookSeconds: 190 })).toBe(200)
  })
})

describe('the journal', () => {
  const record = {
    ...{ id: 'a/low-1', fingerprint: 'f', state: 'measured' as const },
    ...{ startedAt: '2026-11-25T10:00:00.000Z', endedAt: '2026-11-25T10:00:30.000Z' },
  }

  test('says back what was written, and the later line wins', () => {
    const failed = { ...record, state: 'failed' as const, reason: 'ein „Grund“, 理由' }
    const text = encodeCellRecord(record) + encodeCellRecord(failed)
    const { records, wholeLength } = readJournal(text)
    expect([...records.values()]).toEqual([{ schema: 'rerankscope.bench-cell/1', ...failed }])
    expect(wholeLength).toBe(text.length)
  })

  test('cut off anywhere, it holds exactly the lines that are whole', () => {
    const lines = ['a', 'b', 'c'].map((id) => encodeCellRecord({ ...record, id }))
    const text = lines.join('')
    fc.assert(
      fc.property(fc.integer({ min: 0, max: text.length }), (cut) => {
        const { records, wholeLength } = readJournal(text.slice(0, cut))
        let whole = 0
        let ids = 0
        for (const line of lines) {
          if (whole + line.length > cut) break
          whole += line.length
          ids += 1
        }
        expect([...records.keys()]).toEqual(['a', 'b', 'c'].slice(0, ids))
        expect(wholeLength).toBe(whole)
      }),
    )
  })

  test('a whole line that is none of ours is named', () => {
    expect(() => readJournal(`${encodeCellRecord(record)}{"id":1}\n`)).toThrow(/^line 2: /)
  })
})

describe('plausibility', () => {
  /** Matrices of BGE-Reranker-v2-m3: 24 layers of 12 × 1024², a multiplication and an addition each. */
  const flopsPerToken = (tokens: number) => 2 * 24 * 12 * 1024 ** 2 + 4 * 24 * tokens * 1024

  test('the article’s 1,840 pairs/s on an A10G allow about 60 tokens a pair', () => {
    const { tokensPerPairAtMost, verdict } = plausibilityOf({
      ...{ pairsPerSecond: 1840, tokensPerSecond: null, flopsPerToken },
      peakTflops: peakTflopsOf('NVIDIA A10G', 'fp16'),
    })
    expect(verdict).toBe('not_checked')
    expect(tokensPerPairAtMost).toBeCloseTo(63, 0)
  })

  test('what the reports say of the article’s figures is that', () => {
    const base = (tokens: number) => 2 * 12 * 12 * 768 ** 2 + 4 * 12 * tokens * 768
    const shapes = [flopsPerToken, base]
    for (const [at, { pairsPerSecond, tokensPerPairAtMost }] of article.slice(0, 2).entries()) {
      const own = plausibilityOf({
        ...{ pairsPerSecond, tokensPerSecond: null, flopsPerToken: shapes[at], peakTflops: 70 },
      })
      expect(Math.round(own.tokensPerPairAtMost!)).toBe(tokensPerPairAtMost)
    }
  })

  test.each([
    [50, 'plausible'],
    [61, 'doubtful'],
    [70, 'impossible'],
    [512, 'impossible'],
  ])('with %d tokens a pair it is %s', (tokens, verdict) => {
    const claim = {
      ...{ pairsPerSecond: 1840, tokensPerSecond: 1840 * tokens, flopsPerToken },
      peakTflops: 70,
    }
    expect(plausibilityOf(claim).verdict).toBe(verdict)
  })

  test('what is not known is not checked, and says why', () => {
    const known = { pairsPerSecond: 1, tokensPerSecond: 1, flopsPerToken, peakTflops: 70 }
    const reason = (given: object) => plausibilityOf({ ...known, ...given }).reason
    expect(reason({ peakTflops: undefined })).toBe('no peak of the device is known')
    expect(reason({ flopsPerToken: undefined })).toBe('the operations of a token are not known')
    expect(reason({ pairsPerSecond: null })).toBe('there is no throughput')
  })

  test.each([
    ['NVIDIA A10G', 70],
    ['NVIDIA A10', 125],
    ['Tesla T4', 65],
    ['NVIDIA L4', 121],
    ['NVIDIA L40S', 362],
    ['NVIDIA A100-SXM4-80GB', 312],
    ['NVIDIA H100 80GB HBM3', 989],
    ['NVIDIA H100 PCIe', 756],
    ['NVIDIA H200', 989],
    ['Tesla V100-SXM2-16GB', 125],
    ['NVIDIA A100X Mystery', undefined],
    ['emulated, not a GPU', undefined],
  ])('%s has %s TFLOPS in fp16', (name, peak) => {
    expect(peakTflopsOf(name, 'fp16')).toBe(peak)
    expect(new Set(cards.map(({ title }) => title)).size).toBe(cards.length)
  })
})

describe('quality', () => {
  test('nDCG@10 and the reciprocal rank, by hand', () => {
    // (1/log2(3) + 1/log2(4)) of the ideal (1/log2(2) + 1/log2(3)).
    expect(ndcg10([0, 1, 1, 0])).toBeCloseTo((0.63093 + 0.5) / (1 + 0.63093), 5)
    expect(ndcg10([1, 1, 0])).toBe(1)
    // Gains 7 and 3 in the wrong order.
    expect(ndcg10([3, 7])).toBeCloseTo((3 + 7 * 0.63093) / (7 + 3 * 0.63093), 5)
    expect(ndcg10([...Array<number>(10).fill(0), 1])).toBe(0)
    expect(reciprocalRank([0, 1, 3, 7], 3)).toBeCloseTo(1 / 3, 9)
    expect(reciprocalRank([0, 0], 1)).toBe(0)
  })

  test('no order is better than the ideal one, and none worse than nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 7 }), { maxLength: 30 }), (gains) => {
        expect(ndcg10(gains)).toBeGreaterThanOrEqual(0)
        expect(ndcg10(gains)).toBeLessThanOrEqual(1 + 1e-12)
      }),
    )
  })

  test('queries whose every order is as good are left out and counted', () => {
    const facts = qualityOf([
      { answered: [1, 0], sent: [0, 1], relevantGain: 1 },
      { answered: [1, 1], sent: [1, 1], relevantGain: 1 },
      { answered: [0, 0], sent: [0, 0], relevantGain: Number.MAX_SAFE_INTEGER },
    ])
    expect(facts).toMatchObject({ queries: 1, leftOut: 2, ndcg10: 1, mrr: 1 })
    expect(facts?.chanceNdcg10).toBeCloseTo(0.63093, 5)
    expect(qualityOf([])).toBeUndefined()
  })
})

describe('a load that ended', () => {
  const run = (succeeded: number, failed: number, reasons: string[] = []) =>
    loadVerdict({
      totals: {
        ...{ requests: succeeded + failed, succeeded, failed, pairs: 0 },
        byOutcome: { ok: succeeded, timeout: failed },
      },
      validity: { valid: reasons.length === 0, reasons },
    } as unknown as Parameters<typeof loadVerdict>[0])

  test.each([
    [run(100, 0), { state: 'measured' }],
    [run(199, 1), { state: 'measured', reason: '1 of 200 requests failed (timeout)' }],
    [run(90, 10), { state: 'failed', reason: '10 of 100 requests failed (timeout)' }],
    [run(0, 5), { state: 'failed', reason: 'no request succeeded (timeout)' }],
    [run(0, 0), { state: 'failed', reason: 'nothing was answered' }],
    [run(9, 0, ['late']), { state: 'invalid', reason: 'INVALID: late' }],
  ])('%j', (verdict, expected) => {
    expect(verdict).toEqual(expected)
  })
})

test('a spread is the median and the ends, of what is known', () => {
  expect(spreadOf([3, null, 1, undefined, 10])).toEqual({ median: 3, min: 1, max: 10, rounds: 3 })
  expect(spreadOf([2, 4])?.median).toBe(3)
  expect(spreadOf([null])).toBeNull()
})
