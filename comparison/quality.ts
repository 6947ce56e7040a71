import type { QualityFacts } from './journal.ts'
import type { Row } from './row.ts'

const depth = 10

/** One query of a labelled set, answered: the gain of each candidate, in two orders. */
export interface Judged {
  /** In the order of the answer, best first. A gain is 2^grade − 1; above 0 is relevant. */
  readonly answered: readonly number[]
  /** In the order in which they were sent. */
  readonly sent: readonly number[]
  /** From this gain on a candidate is relevant; below it may still be worth something. */
  readonly relevantGain: number
}

/** Järvelin and Kekäläinen's nDCG at 10, with gains 2^grade − 1 and discounts log2(1 + place). */
export function ndcg10(gains: readonly number[]): number {
  const ideal = dcg([...gains].sort((a, b) => b - a))
  return ideal === 0 ? 0 : dcg(gains) / ideal
}

function dcg(gains: readonly number[]): number {
  return gains.slice(0, depth).reduce((sum, gain, at) => sum + gain / Math.log2(at + 2), 0)
}

/** One divided by the place of the first relevant candidate; 0 where there is none. */
export function reciprocalRank(gains: readonly number[], relevantGain: number): number {
  const at = gains.findIndex((gain) => gain >= relevantGain)
  return at < 0 ? 0 : 1 / (at + 1)
}

/** Means over the queries that can tell a good order from a bad one; undefined where none can. */
export function qualityOf(judged: readonly Judged[]): QualityFacts | undefined {
  const telling = judged.filter(
    ({ answered, relevantGain }) =>
      answered.some((gain) => gain >= relevantGain) && new Set(answered).size > 1,
  )
  if (telling.length === 0) return undefined
  const mean = (of: (one: Judged) => number) =>
    telling.reduce((sum, one) => sum + of(one), 0) / telling.length
  return {
    queries: telling.length,
    leftOut: judged.length - telling.length,
    ndcg10: mean(({ answered }) => ndcg10(answered)),
    mrr: mean(({ answered, relevantGain }) => reciprocalRank(answered, relevantGain)),
    chanceNdcg10: mean(({ sent }) => ndcg10(sent)),
  }
}

/** A reranker that gains less than a tenth of what there is to gain over chance is as good as none. */
const leastGain = 0.1

/** Whether a target is known to rank little better than the order in which candidates came. */
export function ranksByChance({
  quality: { ndcg10, chanceNdcg10 },
}: Pick<Row, 'quality'>): boolean {
  if (ndcg10 === null || chanceNdcg10 === null) return false
  const { median: chance } = chanceNdcg10
  return ndcg10.median < chance + (1 - chance) * leastGain
}
