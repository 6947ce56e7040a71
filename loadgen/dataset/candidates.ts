import { usageError } from '../../core/errors.ts'
import type { Dataset } from './dataset.ts'
import type { Random } from './random.ts'

export interface Candidates {
  /** Numbers of texts, as many as asked for, in the order in which they are sent. */
  readonly documents: readonly number[]
  /** How many of them belong to other queries. */
  readonly filled: number
}

/**
 * The fill rule. A request takes its query's own candidates; with more of them than asked for, a
 * seeded choice that keeps at least one relevant; with fewer, all of them, and documents of other
 * queries (seeded, none twice) fill the rest. The order is shuffled, as a retriever's would be.
 *
 * @throws UserError (usage) when the whole data set holds fewer documents than asked for.
 */
export function candidatesOf(
  dataset: Dataset,
  query: number,
  count: number,
  random: Random,
): Candidates {
  const own = dataset.queries[query]
  if (own === undefined) throw new Error(`There is no query ${String(query)}.`)
  const [kept, ...others] = own.candidates
  const chosen = new Set(
    [...(kept === undefined ? [] : [kept]), ...random.shuffled(others)].slice(0, count),
  )
  const ownCount = chosen.size
  // Drawing misses ever more often as the set empties; a data set far larger than a request is normal.
  for (let draws = 0; chosen.size < count; draws += 1) {
    if (draws > 1000 * count) {
      throw usageError(
        `The data set ${dataset.name} holds too few documents to fill a request of ${String(count)}; take more of its --queries, or a profile with fewer documents.`,
      )
    }
    const other = random.below(dataset.queries.length)
    if (other !== query) chosen.add(random.pick(dataset.queries[other]?.candidates ?? []))
  }
  return { documents: random.shuffled([...chosen]), filled: chosen.size - ownCount }
}
