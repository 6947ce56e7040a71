import type { PackedBatch } from '../../reference-server/batch/packed.ts'
import { usualBatchTokens } from '../../reference-server/infer/devices.ts'
import { generator } from '../../reference-server/model/random.ts'

/** A batch in the article's sense: some queries with some documents each, all at once. */
export interface Workload {
  readonly queries: number
  readonly documents: number
  readonly maximumTokens: number
}

export const workloads: readonly Workload[] = [1, 4, 8, 16].flatMap((queries) =>
  [10, 50].flatMap((documents) =>
    [256, 512].map((maximumTokens) => ({ queries, documents, maximumTokens })),
  ),
)
/** For a dry run: every line of the program, on any machine. */
export const smallWorkloads: readonly Workload[] = [
  { queries: 1, documents: 4, maximumTokens: 64 },
  { queries: 2, documents: 6, maximumTokens: 128 },
]

/** Padded tokens of one run of the model, as the server cuts them. */
const budgetTokens = usualBatchTokens('cuda', 512)
/** Tokens of a passage: lognormal, as retrieval's passages are; half of them are longer than this. */
const medianTokens = 181
const spread = 0.8
const queryTokens = 16
const leastTokens = 24

/** Lengths of the pairs, the longest first: seeded, the same for every engine. */
export function lengthsOf({ queries, documents, maximumTokens }: Workload): readonly number[] {
  const next = generator(1)
  const uniform = () => (next() + 1) / 2 ** 32
  return Array.from({ length: queries * documents }, () => {
    const normal = Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform())
    const tokens = queryTokens + Math.round(medianTokens * Math.exp(spread * normal))
    return Math.min(maximumTokens, Math.max(leastTokens, tokens))
  }).sort((a, b) => b - a)
}

/** Cut into runs of like length, none above the budget. */
export function runsOf(lengths: readonly number[]): readonly (readonly number[])[] {
  const runs: number[][] = []
  for (const length of lengths) {
    const last = runs.at(-1)
    // The first of a run is its longest: the others are padded to it.
    if (last !== undefined && (last.length + 1) * (last[0] ?? 0) <= budgetTokens) last.push(length)
    else runs.push([length])
  }
  return runs
}

/** Random ids of a vocabulary in a run's lengths, as the inference process gets them. */
export function batchOf(
  lengths: readonly number[],
  vocabularySize: number,
  seed: number,
): PackedBatch {
  const next = generator(seed)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  return {
    // Behind the special tokens of both families.
    ids: Int32Array.from({ length: total }, () => 5 + (next() % (vocabularySize - 10))),
    lengths: Int32Array.from(lengths),
    queryLengths: Int32Array.from(lengths, () => queryTokens),
  }
}
