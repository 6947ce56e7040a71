import type { PairTemplate } from '../tokenise/messages.ts'
import type { TokenPair } from '../tokenise/pair.ts'

/** A batch on its way to the inference process: no padding, one array each, cheap to send. */
export interface PackedBatch {
  /** All pairs' ids, special tokens included, one pair after the other. */
  readonly ids: Int32Array
  /** Tokens of each pair. */
  readonly lengths: Int32Array
  /** How many of them, from the left, belong to the query's segment. */
  readonly queryLengths: Int32Array
}

export interface BatchResult {
  /** One a pair, in the order of the batch. */
  readonly logits: Float32Array
  /** Time in which the device computed this batch. */
  readonly inferSeconds: number
  /** Times a part of it did not fit into the device's memory and was halved. */
  readonly splits: number
}

export function pack(pairs: readonly TokenPair[], template: PairTemplate): PackedBatch {
  const { before, between, after } = template
  const ids = new Int32Array(pairs.reduce((sum, pair) => sum + pair.tokens, 0))
  let at = 0
  for (const { query, document } of pairs) {
    for (const part of [before, query, between, document, after]) {
      ids.set(part, at)
      at += part.length
    }
  }
  return {
    ids,
    lengths: Int32Array.from(pairs, (pair) => pair.tokens),
    queryLengths: Int32Array.from(
      pairs,
      (pair) => before.length + pair.query.length + between.length,
    ),
  }
}

/** Share of the padded batch that is padding, 0 to 1. */
export function paddingRatioOf({ lengths, ids }: PackedBatch): number {
  const cells = lengths.length * lengths.reduce((most, length) => Math.max(most, length), 0)
  return cells === 0 ? 0 : 1 - ids.length / cells
}
