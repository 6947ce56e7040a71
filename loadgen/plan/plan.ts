import { candidatesOf } from '../dataset/candidates.ts'
import type { Dataset } from '../dataset/dataset.ts'
import { Random } from '../dataset/random.ts'
import { periodSeconds, type Profile } from './profiles.ts'

/** One request that is to be sent. */
export interface PlanItem {
  readonly index: number
  /** Requests of one batch share it and its intended time. */
  readonly batch: number
  /** Since the start of the run. */
  readonly intendedSeconds: number
  readonly documents: number
  /** Positions in the plan's `texts`: the query first, then its documents. */
  readonly texts: readonly number[]
}

/** Everything that a run will send, known before it starts. */
export interface Plan {
  readonly profile: Profile
  readonly seed: number
  /** Seconds that the schedule covers: the last instant plus one period. */
  readonly scheduledSeconds: number
  readonly items: readonly PlanItem[]
  /** Sent before the run and not counted: other queries, in groups of one batch. */
  readonly warmUp: readonly (readonly PlanItem[])[]
  /** The texts that items refer to, each once. */
  readonly texts: readonly string[]
  readonly dataset: {
    readonly name: string
    readonly queries: number
    /** The share of pairs whose document belongs to another query. */
    readonly fillShare: number
    /** The share of pairs that an earlier request of the run offered already: a cache can answer them. */
    readonly repeatShare: number
  }
}

const warmUpBatches = { minimumRequests: 5, minimumBatches: 2 }

/**
 * Compiles a profile and a data set into requests. Pure: the same arguments give the same plan.
 * Every shape gets an equal share, shuffled within each round of shapes; queries follow a shuffled
 * order and come again only when all have been used.
 */
export function planOf(
  profile: Profile,
  { seconds, seed, dataset }: { seconds: number; seed: number; dataset: Dataset },
): Plan {
  const period = periodSeconds(profile)
  // The small addend keeps 30 s / 0.4 s at 75 batches whatever binary fractions make of it.
  const batches = Math.max(1, Math.floor(seconds / period + 1e-9))
  const compiler = new Compiler(profile, dataset, new Random(seed, `plan/${profile.name}`))
  const items: PlanItem[] = []
  for (let batch = 0; batch < batches; batch += 1) {
    // Microseconds: the plan's files hold the same numbers.
    items.push(...compiler.batch(batch, Number((batch * period).toFixed(6))))
  }
  const { filled, repeated, pairs } = compiler.shares()
  const warmUp = Array.from(
    {
      length: Math.max(
        warmUpBatches.minimumBatches,
        Math.ceil(warmUpBatches.minimumRequests / profile.queriesPerBatch),
      ),
    },
    (_, batch) => compiler.batch(batch, 0),
  )
  return {
    profile,
    seed,
    scheduledSeconds: batches * period,
    items,
    warmUp,
    texts: compiler.texts,
    dataset: {
      name: dataset.name,
      queries: dataset.queries.length,
      fillShare: filled / pairs,
      repeatShare: repeated / pairs,
    },
  }
}

class Compiler {
  readonly texts: string[] = []
  readonly #profile: Profile
  readonly #dataset: Dataset
  readonly #random: Random
  /** Position in the data set → position in `texts`. */
  readonly #numbers = new Map<number, number>()
  readonly #offered = new Set<number>()
  #queries: number[] = []
  #shapes: number[] = []
  #index = 0
  #filled = 0
  #repeated = 0
  #pairs = 0

  constructor(profile: Profile, dataset: Dataset, random: Random) {
    this.#profile = profile
    this.#dataset = dataset
    this.#random = random
  }

  batch(batch: number, intendedSeconds: number): readonly PlanItem[] {
    return Array.from({ length: this.#profile.queriesPerBatch }, () =>
      this.#item(batch, intendedSeconds),
    )
  }

  shares(): { readonly filled: number; readonly repeated: number; readonly pairs: number } {
    return { filled: this.#filled, repeated: this.#repeated, pairs: this.#pairs }
  }

  #item(batch: number, intendedSeconds: number): PlanItem {
    const query = this.#nextQuery()
    const documents = this.#nextShape()
    const chosen = candidatesOf(this.#dataset, query, documents, this.#random)
    this.#filled += chosen.filled
    this.#pairs += documents
    for (const document of chosen.documents) {
      const pair = query * this.#dataset.size + document
      if (this.#offered.has(pair)) this.#repeated += 1
      this.#offered.add(pair)
    }
    const text = this.#dataset.queries[query]?.text ?? 0
    const index = this.#index
    this.#index += 1
    return {
      index,
      batch,
      intendedSeconds,
      documents,
      texts: [text, ...chosen.documents].map((at) => this.#numberOf(at)),
    }
  }

  #nextQuery(): number {
    if (this.#queries.length === 0) {
      this.#queries = this.#random.shuffled([...this.#dataset.queries.keys()])
    }
    return this.#queries.pop() ?? 0
  }

  #nextShape(): number {
    if (this.#shapes.length === 0) {
      this.#shapes = this.#random.shuffled(this.#profile.documentCounts)
    }
    return this.#shapes.pop() ?? 1
  }

  #numberOf(at: number): number {
    const known = this.#numbers.get(at)
    if (known !== undefined) return known
    const number = this.texts.push(this.#dataset.textOf(at)) - 1
    this.#numbers.set(at, number)
    return number
  }
}
