import type { PlanItem } from './plan.ts'
import type { TokenCounter } from './tokens.ts'

export interface Spread {
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly max: number
}

/** What the plan sends, by length; each text counts as often as it is sent. */
export interface Lengths {
  /** UTF-16 code units. */
  readonly queryCharacters: Spread
  readonly documentCharacters: Spread
  /** Null: no tokenizer was at hand. */
  readonly tokens: {
    readonly tokenizer: string
    /** Query, document and special tokens, before anything is cut. */
    readonly pairTokens: Spread
    /** That the target cuts a pair to; null where it does not say. */
    readonly limit: number | null
    readonly truncatedShare: number | null
    /** The target's model, for which the tokenizer was found on this machine; absent: it was named. */
    readonly foundFor?: string
    /** So many requests were counted, evenly over the plan; absent: all. */
    readonly countedRequests?: number
  } | null
  /** Why there are no tokens, where a tokenizer was looked for; absent: nobody looked. */
  readonly tokensMissing?: string
}

export interface TokenOptions {
  readonly counter: TokenCounter
  readonly limit: number | undefined
  /** The target's model, where nobody named a tokenizer: this one was found, and may cost little time. */
  readonly foundFor?: string
}

/** What a tokenizer that nobody asked for may count: seconds with the slowest of them. */
export const maximumFoundCharacters = 500_000

/** How many pairs have which length: few lengths, however many pairs. */
class Tally {
  readonly #counts = new Map<number, number>()
  #total = 0
  #sum = 0

  add(length: number, times = 1): void {
    this.#counts.set(length, (this.#counts.get(length) ?? 0) + times)
    this.#total += times
    this.#sum += length * times
  }

  shareAbove(limit: number): number {
    let above = 0
    for (const [length, times] of this.#counts) if (length > limit) above += times
    return this.#total === 0 ? 0 : above / this.#total
  }

  spread(): Spread {
    const sorted = [...this.#counts].sort(([a], [b]) => a - b)
    const at = (q: number) => {
      let passed = 0
      for (const [length, times] of sorted) {
        passed += times
        if (passed >= q * this.#total) return length
      }
      return 0
    }
    const mean = this.#total === 0 ? 0 : this.#sum / this.#total
    return { mean, p50: at(0.5), p95: at(0.95), max: sorted.at(-1)?.[0] ?? 0 }
  }
}

/** The lengths of what is sent, and the items with the tokens that the target computes for each. */
export function measured(
  items: readonly PlanItem[],
  texts: readonly string[],
  tokens: TokenOptions | undefined,
): { readonly lengths: Lengths; readonly items: readonly PlanItem[] } {
  const queries = new Tally()
  const documents = new Tally()
  for (const item of items) {
    for (const [query, ...own] of queriesOf(item)) {
      queries.add(texts[query ?? 0]?.length ?? 0)
      for (const document of own) documents.add(texts[document]?.length ?? 0)
    }
  }
  const step = tokens?.foundFor === undefined ? 1 : stepOf(items, texts)
  const counted = tokens && countedTokens(items, texts, tokens, step)
  const lengths: Lengths = {
    queryCharacters: queries.spread(),
    documentCharacters: documents.spread(),
    tokens: counted?.tokens ?? null,
  }
  return { lengths, items: counted?.items ?? items }
}

/** Every how many items one is counted, so that no more than the most characters are. */
function stepOf(items: readonly PlanItem[], texts: readonly string[]): number {
  const sent = items.reduce(
    (sum, item) => item.texts.reduce((own, text) => own + (texts[text]?.length ?? 0), sum),
    0,
  )
  return Math.max(1, Math.ceil(sent / maximumFoundCharacters))
}

/** The tokens of every so many items; each item knows its own where all are counted. */
function countedTokens(
  items: readonly PlanItem[],
  texts: readonly string[],
  { counter, limit, foundFor }: TokenOptions,
  step: number,
): { readonly tokens: NonNullable<Lengths['tokens']>; readonly items: readonly PlanItem[] } {
  const pairs = new Tally()
  // A text is counted when an item sends it, and once: counting is the slow part.
  const counts = new Map<number, number>()
  const countOf = (at: number) => {
    const known = counts.get(at)
    if (known !== undefined) return known
    const count = counter.count(texts[at] ?? '')
    counts.set(at, count)
    return count
  }
  const computedBy = (item: PlanItem) => {
    let computed = 0
    for (const [query, ...own] of queriesOf(item)) {
      for (const document of own) {
        const pair = countOf(query ?? 0) + countOf(document) + counter.specialTokens
        pairs.add(pair)
        computed += Math.min(pair, limit ?? pair)
      }
    }
    return computed
  }
  const sampled = items.filter((_, at) => at % step === 0)
  const counted = sampled.map((item) => ({ ...item, tokens: computedBy(item) }))
  return {
    items: step === 1 ? counted : items,
    tokens: {
      tokenizer: counter.name,
      pairTokens: pairs.spread(),
      limit: limit ?? null,
      truncatedShare: limit === undefined ? null : pairs.shareAbove(limit),
      ...(foundFor !== undefined && { foundFor }),
      ...(step > 1 && { countedRequests: sampled.length }),
    },
  }
}

/** The positions of an item's texts, a list a query: the query first, then its documents. */
export function queriesOf({
  texts,
  documents,
}: Pick<PlanItem, 'texts' | 'documents'>): readonly (readonly number[])[] {
  const width = documents + 1
  return Array.from({ length: texts.length / width }, (_, at) =>
    texts.slice(at * width, (at + 1) * width),
  )
}
