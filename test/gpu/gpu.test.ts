import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compare, rowsOf, tableHead } from './report.ts'
import { batchOf, lengthsOf, runsOf, workloads } from './workload.ts'

test('the workloads are those of the issue', () => {
  const lines = workloads.map(({ queries, documents, maximumTokens }) =>
    [queries, documents, maximumTokens].join(' '),
  )
  expect(new Set(lines).size).toBe(4 * 2 * 2)
  expect(lines).toContain('16 50 512')
})

test.each(workloads)(
  '$queries × $documents at $maximumTokens: lengths as they should be',
  (workload) => {
    const lengths = lengthsOf(workload)
    expect(lengths).toHaveLength(workload.queries * workload.documents)
    expect(Math.max(...lengths)).toBeLessThanOrEqual(workload.maximumTokens)
    expect(new Set(lengths).size).toBeGreaterThan(3)
    expect(lengthsOf(workload)).toEqual(lengths)
  },
)

test('runs hold every pair once, in order, within the budget', () => {
  const some = fc.array(fc.integer({ min: 1, max: 512 }), { maxLength: 900 })
  fc.assert(
    fc.property(some, (numbers) => {
      const lengths = numbers.sort((a, b) => b - a)
      const runs = runsOf(lengths)
      expect(runs.flat()).toEqual(lengths)
      for (const run of runs) expect(run.length * run[0]!).toBeLessThanOrEqual(16_384)
    }),
  )
})

test('ids stay in the vocabulary, special tokens apart', () => {
  const { ids, lengths } = batchOf([30, 20], 100, 1)
  expect(ids).toHaveLength(50)
  expect(Array.from(lengths)).toEqual([30, 20])
  expect(Math.min(...ids)).toBeGreaterThanOrEqual(5)
  expect(Math.max(...ids)).toBeLessThan(95)
})

test('graphs are compared by their scores, and one that says nothing is no match', () => {
  const measured = (logits: readonly number[]) => ({ device: 'cuda', rows: [], logits })
  const { score, spread } = compare(measured([0, 2]), measured([0.01, 2]))
  expect(score).toBeCloseTo(0.0025, 6)
  expect(spread).toBe(1)
  expect(compare(measured([0, 2]), measured([NaN, 2])).score).toBeNaN()
  expect(() => compare(measured([0]), measured([]))).toThrow('different numbers')
})

test('the table has a row for each engine and workload; what is unknown is empty', () => {
  const common = { queries: 8, documents: 50, maximumTokens: 512, rounds: 5 }
  const rows = [
    { ...common, pairsPerSecond: 1234.4, tokensPerSecond: 56_789, p95Seconds: 0.0123 },
    {
      ...common,
      ...{ pairsPerSecond: 1, tokensPerSecond: 2, p95Seconds: 3 },
      ...{ utilizationPercent: 97.6, memoryMib: 2048, powerWatts: 300 },
    },
  ]
  const cellsOf = (row: string) => row.split(' | ').length
  expect(tableHead.split('\n').map(cellsOf)).toEqual([10, 10])
  expect(rowsOf({ name: 'packed fp16', model: 'twin', rows }).split('\n')).toEqual([
    '| twin | packed fp16 | 8 × 50 | 512 | 1,234 | 56,789 | 12.3 ms |  |  |  |',
    '| twin | packed fp16 | 8 × 50 | 512 | 1 | 2 | 3000.0 ms | 98 % | 2,048 MiB | 300 W |',
  ])
})
