import { messageOf } from '../../core/errors.ts'
import type { PackedBatch } from '../batch/packed.ts'

/**
 * What onnxruntime says when a device has no memory left: its arena, CUDA, cuBLAS and cuDNN each in
 * their own words, and C++ where the CPU's allocator throws.
 */
const outOfMemory =
  /failed to allocate memory|out of memory|cuda ?error[^a-z]*2\b|cuda failure 2\b|_ALLOC_FAILED|CUBLAS_STATUS_NOT_INITIALIZED|smaller than requested bytes|bad_alloc|bad allocation/i

export function isOutOfMemory(error: unknown): boolean {
  return outOfMemory.test(messageOf(error))
}

/**
 * Scores a batch; one that does not fit into the device's memory is scored in halves, and those in
 * halves, down to single pairs. Rejects with what `score` rejected with when a pair alone does not
 * fit, or when something else is wrong.
 */
export async function scoreSplitting(
  batch: PackedBatch,
  score: (batch: PackedBatch) => Promise<Float32Array>,
): Promise<{ readonly logits: Float32Array; readonly splits: number }> {
  try {
    return { logits: await score(batch), splits: 0 }
  } catch (error) {
    const pairs = batch.lengths.length
    if (pairs < 2 || !isOutOfMemory(error)) throw error
    const half = Math.ceil(pairs / 2)
    const first = await scoreSplitting(slice(batch, 0, half), score)
    const second = await scoreSplitting(slice(batch, half, pairs), score)
    const logits = new Float32Array(pairs)
    logits.set(first.logits)
    logits.set(second.logits, half)
    return { logits, splits: 1 + first.splits + second.splits }
  }
}

/** The pairs `from` (included) to `to` (not included). */
function slice({ ids, lengths, queryLengths }: PackedBatch, from: number, to: number): PackedBatch {
  const tokens = (pairs: Int32Array) => pairs.reduce((sum, length) => sum + length, 0)
  const start = tokens(lengths.subarray(0, from))
  return {
    ids: ids.subarray(start, start + tokens(lengths.subarray(from, to))),
    lengths: lengths.subarray(from, to),
    queryLengths: queryLengths.subarray(from, to),
  }
}
