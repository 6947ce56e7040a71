import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Observation } from '../../../core/observation.ts'
import { byShapeAndLengthOf } from '../../../loadgen/measure/shapes.ts'
import { formatLengths } from '../../../loadgen/report/lengths.ts'
import { madeRun } from '../report/made-run.ts'

const one = (changes: Partial<Observation>): Observation => ({
  index: 0,
  batch: 0,
  documents: 10,
  intendedSeconds: 0,
  sentSeconds: 0,
  doneSeconds: 0.1,
  outcome: 'ok',
  ...changes,
})

test('few lengths stand for themselves; refusals are counted and not in the percentiles', () => {
  const table = byShapeAndLengthOf([
    one({ documents: 2, characters: 200, doneSeconds: 0.1 }),
    one({ documents: 2, characters: 200, doneSeconds: 0.3 }),
    one({ documents: 2, characters: 201, outcome: 'rejected_429', doneSeconds: 0.001 }),
    // Flattened: four queries of two documents each.
    one({ documents: 2, queries: 4, characters: 4000, doneSeconds: 0.9 }),
    one({ documents: 8, characters: 4000, doneSeconds: 0.5 }),
  ])
  const exactly = (value: number) => ({ from: value, to: value })
  expect(table).toEqual({
    lengthUnit: 'characters',
    cells: [
      {
        ...{ documents: exactly(2), length: exactly(100), requests: 2 },
        responseSeconds: { p50: 0.2, p95: expect.closeTo(0.29, 9) as number },
      },
      {
        ...{ documents: exactly(2), length: exactly(101), requests: 1 },
        responseSeconds: { p50: null, p95: null },
      },
      {
        ...{ documents: exactly(2), length: exactly(500), requests: 1 },
        responseSeconds: { p50: 0.9, p95: 0.9 },
      },
      {
        ...{ documents: exactly(8), length: exactly(500), requests: 1 },
        responseSeconds: { p50: 0.5, p95: 0.5 },
      },
    ],
  })
})

test('the tokens that a profile asked for are the lengths where it did', () => {
  const table = byShapeAndLengthOf([
    one({ documentTokens: 64, characters: 2000 }),
    one({ documentTokens: 512, characters: 9000 }),
  ])
  expect(table?.lengthUnit).toBe('tokens')
  expect(table?.cells.map(({ length }) => length.to)).toEqual([64, 512])
})

test('without lengths there is no table', () => {
  expect(byShapeAndLengthOf([one({})])).toBeNull()
  expect(byShapeAndLengthOf([])).toBeNull()
})

test('every request is in exactly one cell, and the table stays small', () => {
  const request = fc.record({
    documents: fc.integer({ min: 1, max: 1000 }),
    length: fc.integer({ min: 0, max: 200_000 }),
  })
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 200 }), (requests) => {
      const { cells } = byShapeAndLengthOf(
        requests.map(({ documents, length }) => one({ documents, characters: documents * length })),
      )!
      expect(cells.reduce((sum, cell) => sum + cell.requests, 0)).toBe(requests.length)
      expect(new Set(cells.map(({ length }) => length.from)).size).toBeLessThanOrEqual(7)
      expect(new Set(cells.map(({ documents }) => documents.from)).size).toBeLessThanOrEqual(10)
    }),
    { numRuns: 50 },
  )
})

test('the same edges in every run, so that cells can be compared', () => {
  const edges = (lengths: readonly number[]) =>
    byShapeAndLengthOf(
      lengths.map((length) => one({ documents: 1, characters: length })),
    )!.cells.map(({ length }) => length.to)
  expect(edges([500, 510, 600, 700, 800, 900, 1000, 1100])).toEqual([512, 768, 1024, 1536])
  expect(edges([400, 500, 510, 600, 700, 800, 900, 1000, 1100])).toEqual([512, 768, 1024, 1536])
})

test('the widest table fits 80 columns', () => {
  const widest = madeRun({ latencyOf: (k) => [0.0001, 0.0999, 0.999, 99.99, 7000][k % 5]! })
  const observations = widest.observations.map((seen, k) => ({
    ...seen,
    characters: seen.documents * (1 + k ** 3),
  }))
  const table = byShapeAndLengthOf(observations)
  const lines = formatLengths('low', { ...widest.summary, byShapeAndLength: table })
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(80)
  expect(lines[1]).toBe('low: response by documents and mean characters of a document')
})
