import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { candidatesOf } from '../../../loadgen/dataset/candidates.ts'
import { datasets } from '../../../loadgen/dataset/index.ts'
import { Random } from '../../../loadgen/dataset/random.ts'
import { statistics } from '../../../loadgen/dataset/synthetic.ts'

const synthetic = datasets.find(({ name }) => name === 'synthetic')!
const load = (seed: number) => synthetic.load({ seed, queries: 500 })
const dataset = await load(1)
const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const texts = Array.from({ length: dataset.size }, (_, at) => dataset.textOf(at))
const textOf = (at: number) => texts[at]!
const digest = async (seed: number) => {
  const loaded = await load(seed)
  const hash = createHash('sha256')
  for (let at = 0; at < 500; at += 1) hash.update(JSON.stringify(loaded.textOf(at)))
  return hash.digest('hex')
}

test('the same seed gives the same bytes, another seed other bytes', async () => {
  expect(await digest(1)).toBe(await digest(1))
  expect(await digest(2)).not.toBe(await digest(1))
  // In whichever order they are asked for.
  expect((await load(1)).textOf(400)).toBe(textOf(400))
})

test('lengths and numbers follow T2Ranking', () => {
  const queries = dataset.queries.map(({ text }) => textOf(text).length)
  expect(queries).toHaveLength(500)
  expect(mean(queries)).toBeGreaterThan(10.2)
  expect(mean(queries)).toBeLessThan(11.7)
  expect(Math.max(...queries)).toBeLessThanOrEqual(statistics.queryCharacters.maximum)
  const counts = dataset.queries.map(({ candidates }) => candidates.length)
  expect(mean(counts)).toBeGreaterThan(15)
  expect(mean(counts)).toBeLessThan(18)
  const documents = dataset.queries.flatMap(({ candidates }) =>
    candidates.map((at) => textOf(at).length),
  )
  expect(mean(documents)).toBeGreaterThan(790)
  expect(mean(documents)).toBeLessThan(890)
  expect(Math.max(...documents)).toBeLessThanOrEqual(statistics.documentCharacters.maximum)
  const relevant = mean(dataset.queries.map((query) => query.relevant / query.candidates.length))
  expect(relevant).toBeCloseTo(statistics.relevantShare, 1)
})

test('mostly Chinese, a share of English', () => {
  const english = dataset.queries.filter(({ text }) => /^[ -~]+$/.test(textOf(text))).length / 500
  expect(english).toBeGreaterThan(0.15)
  expect(english).toBeLessThan(0.25)
})

test('relevant documents share the words of their query, the other candidates fewer', () => {
  // Chinese: pairs of neighbouring characters; a text cut shorter than its query proves nothing.
  const share = (query: string, document: string) => {
    const pairs = Array.from({ length: query.length - 1 }, (_, at) => query.slice(at, at + 2))
    return pairs.filter((pair) => document.includes(pair)).length / pairs.length
  }
  const shares = { relevant: [] as number[], other: [] as number[] }
  for (const { text, candidates, relevant } of dataset.queries) {
    const query = textOf(text)
    if (/[ -~]/.test(query)) continue
    for (const [at, candidate] of candidates.entries()) {
      shares[at < relevant ? 'relevant' : 'other'].push(share(query, textOf(candidate)))
    }
  }
  expect(mean(shares.relevant)).toBeGreaterThan(1.5 * mean(shares.other))
})

test('the fill rule: own candidates first, then other queries’, none twice', () => {
  const random = new Random(1, 'test')
  for (const [query, { candidates }] of dataset.queries.entries()) {
    const own = new Set(candidates)
    const { documents, filled } = candidatesOf(dataset, query, 20, random)
    expect(documents).toHaveLength(20)
    expect(new Set(documents).size).toBe(20)
    expect(documents.filter((at) => own.has(at))).toHaveLength(Math.min(20, candidates.length))
    expect(filled).toBe(Math.max(0, 20 - candidates.length))
    // With more candidates than asked for, a relevant one stays.
    expect(documents.some((at) => candidates.indexOf(at) === 0)).toBe(true)
  }
})

test('a data set too small to fill a request says so', () => {
  const tiny = {
    name: 'tiny',
    size: 4,
    textOf: () => '',
    queries: [
      { text: 0, candidates: [1], relevant: 1 },
      { text: 2, candidates: [3], relevant: 1 },
    ],
  }
  expect(() => candidatesOf(tiny, 0, 3, new Random(1, 'test'))).toThrow(
    'The data set tiny holds too few documents to fill a request of 3; take more of its --queries, or a profile with fewer documents.',
  )
})
