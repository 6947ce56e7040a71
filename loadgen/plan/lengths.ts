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
  } | null
}

export interface TokenOptions {
  readonly counter: TokenCounter
  readonly limit: number | undefined
}

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
  const pairs = new Tally()
  // A text is counted when an item sends it, and once: counting is the slow part.
  const counts = new Map<number, number>()
  const countOf = (at: number, { counter }: TokenOptions) => {
    const known = counts.get(at)
    if (known !== undefined) return known
    const count = counter.count(texts[at] ?? '')
    counts.set(at, count)
    return count
  }
  const counted = items.map((item) => {
    let computed = 0
    for (const [query, ...own] of queriesOf(item)) {
      queries.add(texts[query ?? 0]?.length ?? 0)
      for (const document of own) {
        documents.add(texts[document]?.length ?? 0)
        if (tokens === undefined) continue
        const pair =
          countOf(query ?? 0, tokens) + countOf(document, tokens) + tokens.counter.specialTokens
        pairs.add(pair)
        computed += Math.min(pair, tokens.limit ?? pair)
      }
    }
    return tokens === undefined ? item : { ...item, tokens: computed }
  })
  const lengths: Lengths = {
    queryCharacters: queries.spread(),
    documentCharacters: documents.spread(),
    tokens:
      tokens === undefined
        ? null
        : {
            tokenizer: tokens.counter.name,
            pairTokens: pairs.spread(),
            limit: tokens.limit ?? null,
            truncatedShare: tokens.limit === undefined ? null : pairs.shareAbove(tokens.limit),
          },
  }
  return { lengths, items: counted }
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
