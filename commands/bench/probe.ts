import type { Reranker } from '../../loadgen/index.ts'

const question = {
  query: 'how do I cool a graphics card',
  documents: [
    'A graphics card is cooled by its fans; clean them, and give the case more air.',
    'The recipe takes two eggs, flour and a little milk.',
    'Fans of a card that run too slowly let it throttle.',
    'The train leaves at seven from the second platform.',
  ],
}

/** Batches of other shapes round differently; what is asked twice may differ by this and no more. */
const tolerance = 0.01

/**
 * Whether a target's scores depend on what is asked, and on nothing else: the same documents in
 * another order must get the same scores, and not all the same one. Undefined when they do; else what
 * is wrong, in words. A target that fails this is fast for nothing.
 *
 * @throws UserError when it does not answer.
 */
export async function lieOf(reranker: Reranker): Promise<string | undefined> {
  const { query, documents } = question
  const first = await scoresBy(reranker, documents)
  const second = await scoresBy(reranker, [...documents].reverse())
  if (new Set(first).size === 1) {
    return `it gives every document the same score (${String(first[0])}): it does not read them`
  }
  const backwards = [...second].reverse()
  const furthest = Math.max(...first.map((score, at) => Math.abs(score - (backwards[at] ?? NaN))))
  if (furthest <= tolerance) return undefined
  return `it gave one document two scores that are ${furthest.toFixed(2)} apart when the order of the documents changed: its scores do not say what they should`

  async function scoresBy(asked: Reranker, list: readonly string[]): Promise<readonly number[]> {
    const ranking = await asked.ask({ query, documents: list })
    const scores = Array.from({ length: list.length }, () => NaN)
    for (const { index, score } of ranking) scores[index] = score
    return scores
  }
}
