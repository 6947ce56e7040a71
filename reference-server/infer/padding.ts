import type { PackedBatch } from '../batch/packed.ts'

export interface PaddedBatch {
  readonly pairs: number
  /** Tokens of the longest pair; every array below is [pairs, sequence]. */
  readonly sequence: number
  readonly inputIds: BigInt64Array
  readonly attentionMask: BigInt64Array
  readonly tokenTypeIds: BigInt64Array
}

/** Fills every pair up to the longest: a rectangle of int64, as the graph wants it. */
export function pad(batch: PackedBatch, paddingId: number, documentType: number): PaddedBatch {
  const { ids, lengths, queryLengths } = batch
  const pairs = lengths.length
  const sequence = lengths.reduce((most, length) => Math.max(most, length), 0)
  const cells = pairs * sequence
  const padded: PaddedBatch = {
    pairs,
    sequence,
    inputIds: new BigInt64Array(cells),
    attentionMask: new BigInt64Array(cells),
    tokenTypeIds: new BigInt64Array(cells),
  }
  const inputIds = lowWords(padded.inputIds)
  const attentionMask = lowWords(padded.attentionMask)
  const tokenTypeIds = lowWords(padded.tokenTypeIds)
  let from = 0
  for (let pair = 0; pair < pairs; pair += 1) {
    const length = lengths[pair] ?? 0
    const queryLength = queryLengths[pair] ?? 0
    for (let at = 0; at < sequence; at += 1) {
      const to = 2 * (pair * sequence + at)
      inputIds[to] = at < length ? (ids[from + at] ?? 0) : paddingId
      attentionMask[to] = at < length ? 1 : 0
      tokenTypeIds[to] = at >= queryLength && at < length ? documentType : 0
    }
    from += length
  }
  return padded
}

/**
 * The low halves of int64 cells. All our numbers are small and not negative, and writing halves is
 * some thirty times faster than making a BigInt of each; Node runs on little-endian machines only.
 */
function lowWords(cells: BigInt64Array): Int32Array {
  return new Int32Array(cells.buffer)
}
