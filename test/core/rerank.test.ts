import fc from 'fast-check'
import { expect, test } from 'vitest'
import { rank, rankLogits, sigmoid } from '../../core/rerank.ts'

const request = {
  query: 'q',
  documents: ['a', 'b', 'c', 'd'],
  returnDocuments: false,
  rawScores: false,
  truncationDirection: 'right',
} as const

test('ranks best first, ties in falling order of index, topN of them', () => {
  expect(rank([0.1, 0.9, 0.1, 0.5], request).map(({ index }) => index)).toEqual([1, 3, 2, 0])
  expect(rank([0.1, 0.9, 0.1, 0.5], { ...request, topN: 2 })).toEqual([
    { index: 1, score: 0.9 },
    { index: 3, score: 0.5 },
  ])
})

test('topN beyond the documents gives them all', () => {
  expect(rank([1, 2], { ...request, topN: 10 })).toHaveLength(2)
})

test('every document appears once, with its own score and text', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1 }), (scores) => {
      const documents = scores.map((_, index) => `document ${String(index)}`)
      const ranking = rank(scores, { ...request, documents, returnDocuments: true })
      expect([...ranking].sort((a, b) => a.index - b.index)).toEqual(
        scores.map((score, index) => ({ index, score, text: documents[index] })),
      )
      expect(ranking.every(({ score }, at) => at === 0 || score <= ranking[at - 1]!.score)).toBe(
        true,
      )
    }),
  )
})

test('logits keep their order where their sigmoids are equal', () => {
  const ranking = rankLogits([40, 50, -1], { ...request, topN: 2, returnDocuments: true })
  expect(ranking).toEqual([
    { index: 1, score: 1, text: 'b' },
    { index: 0, score: 1, text: 'a' },
  ])
  expect(rankLogits([-2, 3], { ...request, rawScores: true })).toEqual([
    { index: 1, score: 3 },
    { index: 0, score: -2 },
  ])
})

test('the sigmoid is 1/2 at 0 and keeps order', () => {
  expect(sigmoid(0)).toBe(0.5)
  expect(sigmoid(Math.log(3))).toBeCloseTo(0.75, 12)
  expect(sigmoid(-800)).toBe(0)
  expect(sigmoid(800)).toBe(1)
})
