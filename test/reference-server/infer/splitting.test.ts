import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PackedBatch } from '../../../reference-server/batch/packed.ts'
import { isOutOfMemory, scoreSplitting } from '../../../reference-server/infer/splitting.ts'

/** Pair i has `lengths[i]` tokens, each of them i. */
function batchOf(lengths: readonly number[]): PackedBatch {
  return {
    ids: Int32Array.from(lengths.flatMap((length, at) => Array<number>(length).fill(at))),
    lengths: Int32Array.from(lengths),
    queryLengths: Int32Array.from(lengths, (_, at) => at + 1),
  }
}

/** A device with room for so many cells, that answers each pair's own id. */
function deviceOf(cells: number) {
  const seen: number[] = []
  const score = ({ ids, lengths, queryLengths }: PackedBatch) => {
    seen.push(lengths.length)
    if (lengths.length * Math.max(...lengths) > cells) {
      return Promise.reject(new Error('Failed to allocate memory for requested buffer of size 12'))
    }
    let at = 0
    return Promise.resolve(
      Float32Array.from(lengths, (length, pair) => {
        at += length
        expect(queryLengths[pair]).toBe((ids[at - 1] ?? 0) + 1)
        return ids[at - 1] ?? Number.NaN
      }),
    )
  }
  return { seen, score }
}

describe('a batch that does not fit into memory', () => {
  test('is computed in halves, every pair in its place', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 50, max: 2000 }),
        async (lengths, cells) => {
          const { score } = deviceOf(cells)
          const { logits } = await scoreSplitting(batchOf(lengths), score)
          expect([...logits]).toEqual(lengths.map((_, at) => at))
        },
      ),
    )
  })

  test('is halved as often as needed and no more', async () => {
    const { seen, score } = deviceOf(20)
    const { splits } = await scoreSplitting(batchOf([10, 10, 10, 10]), score)
    expect(seen).toEqual([4, 2, 2])
    expect(splits).toBe(1)
  })

  test('fails when a single pair does not fit', async () => {
    const { score } = deviceOf(5)
    await expect(scoreSplitting(batchOf([10, 10]), score)).rejects.toThrow(/allocate/)
  })

  test('anything else that is wrong is not tried again', async () => {
    const seen: number[] = []
    const score = ({ lengths }: PackedBatch) => {
      seen.push(lengths.length)
      return Promise.reject(new Error('the graph gives no float32 logits'))
    }
    await expect(scoreSplitting(batchOf([1, 2]), score)).rejects.toThrow(/logits/)
    expect(seen).toEqual([2])
  })
})

test.each([
  [
    'Non-zero status code returned while running MatMul node. Status Message: bfc_arena.cc:376 Failed to allocate memory for requested buffer of size 4294967296',
    true,
  ],
  ['CUDA failure 2: out of memory ; GPU=0 ; hostname=x', true],
  ['CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED', true],
  ['CUDNN_STATUS_ALLOC_FAILED', true],
  ['Available memory of 1024 is smaller than requested bytes of 2048', true],
  ['std::bad_alloc', true],
  ['CUDA failure 700: an illegal memory access was encountered', false],
  ['the graph wants an input "x" that we do not know', false],
])('%s: %s', (message, expected) => {
  expect(isOutOfMemory(new Error(message))).toBe(expected)
})
