import { expect, test } from 'vitest'
import { pack, paddingRatioOf } from '../../../reference-server/batch/packed.ts'
import { pad } from '../../../reference-server/infer/padding.ts'

test('a batch becomes a rectangle: ids, mask and token types as BERT wants them', () => {
  const template = {
    before: Int32Array.of(2),
    between: Int32Array.of(3),
    after: Int32Array.of(3),
    documentType: 1,
    paddingId: 0,
  }
  const pair = (query: number[], document: number[]) => ({
    query: Int32Array.from(query),
    document: Int32Array.from(document),
    tokens: query.length + document.length + 3,
    truncated: false,
  })
  const batch = pack([pair([10], [20, 21]), pair([10, 11], [])], template)
  expect([...batch.ids]).toEqual([2, 10, 3, 20, 21, 3, 2, 10, 11, 3, 3])
  expect(paddingRatioOf(batch)).toBeCloseTo(1 / 12)
  const padded = pad(batch, 99, 1)
  expect([padded.pairs, padded.sequence]).toEqual([2, 6])
  expect(Array.from(padded.inputIds, Number)).toEqual([2, 10, 3, 20, 21, 3, 2, 10, 11, 3, 3, 99])
  expect(Array.from(padded.attentionMask, Number)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0])
  expect(Array.from(padded.tokenTypeIds, Number)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 0])
})
