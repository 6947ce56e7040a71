import type { TraceRequest } from '../../core/trace.ts'
import { candidatesOf } from '../dataset/candidates.ts'
import type { Dataset } from '../dataset/dataset.ts'
import type { Random } from '../dataset/random.ts'
import { fittedToCharacters, fittedToTokens } from './fit.ts'
import type { PlanItem } from './plan.ts'
import type { BatchForm, Profile } from './profile.ts'
import type { Due } from './schedule.ts'
import type { TokenCounter } from './tokens.ts'

/** What one query of a request asks for. */
interface Shape {
  /** Undefined: as many as the query has candidates. */
  readonly documents: number | undefined
  /** Of each document. */
  readonly tokens?: number
  readonly queryCharacters?: number | undefined
  readonly documentCharacters?: readonly number[] | undefined
  readonly texts?: TraceRequest['texts']
}

interface Query {
  readonly texts: readonly number[]
  readonly tokens: number | undefined
}

/** Far more pairs than a run of an hour offers; past them, repeats are no longer looked for. */
const maximumTrackedPairs = 8_000_000

/** Turns instants into requests: queries in a shuffled order, shapes in shuffled rounds. */
export class Compiler {
  readonly texts: string[] = []
  readonly #profile: Profile
  readonly #dataset: Dataset
  readonly #random: Random
  readonly #form: BatchForm
  readonly #counter: TokenCounter
  /** What a text is made from → position in `texts`. */
  readonly #numbers = new Map<string | number, number>()
  /** By query: the documents that were offered with it. */
  readonly #offered = new Map<number, Set<number>>()
  #queries: number[] = []
  #shapes: Shape[] = []
  #index = 0
  #filled = 0
  #repeated = 0
  #tracked = 0
  #pairs = 0

  constructor(options: {
    readonly profile: Profile
    readonly dataset: Dataset
    readonly random: Random
    readonly form: BatchForm
    readonly counter: TokenCounter
  }) {
    this.#profile = options.profile
    this.#dataset = options.dataset
    this.#random = options.random
    this.#form = options.form
    this.#counter = options.counter
  }

  /** The requests of one instant, all of one batch. */
  batch(batch: number, { seconds, recorded }: Due): readonly PlanItem[] {
    const shapes = this.#shapesOf(recorded)
    const queries = shapes.map((shape) => this.#query(shape))
    const first = queries[0]
    const width = first?.texts.length ?? 0
    const uniform = queries.every(({ texts }) => texts.length === width)
    const requests =
      this.#form === 'flattened' && uniform ? [queries] : queries.map((query) => [query])
    return requests.map((request) => this.#item(batch, seconds, request))
  }

  shares(): { readonly fillShare: number; readonly repeatShare: number } {
    const share = (part: number, whole: number) => (whole === 0 ? 0 : part / whole)
    return {
      fillShare: share(this.#filled, this.#pairs),
      repeatShare: share(this.#repeated, this.#tracked),
    }
  }

  #item(batch: number, intendedSeconds: number, queries: readonly Query[]): PlanItem {
    const texts = queries.flatMap((query) => query.texts)
    const documents = texts.length / queries.length - 1
    const index = this.#index
    this.#index += 1
    const tokens = queries[0]?.tokens
    const characters = texts.reduce(
      (sum, text, at) => sum + (at % (documents + 1) === 0 ? 0 : (this.texts[text]?.length ?? 0)),
      0,
    )
    return {
      ...{ index, batch, intendedSeconds, documents },
      ...(queries.length > 1 && { queries: queries.length }),
      ...(tokens !== undefined && { documentTokens: tokens }),
      characters,
      texts,
    }
  }

  /** One shape a query of the batch. */
  #shapesOf(recorded: TraceRequest | undefined): readonly Shape[] {
    const { shapes, queriesPerBatch } = this.#profile
    if (shapes === 'recorded' && recorded !== undefined) return recordedShapes(recorded)
    const queries = recorded?.queries ?? queriesPerBatch
    if (typeof shapes === 'string') {
      return Array.from({ length: queries }, () => ({ documents: undefined }))
    }
    // In one request every query has as many documents, so the batch has one shape.
    const one = this.#form === 'flattened' ? this.#nextShape(shapes) : undefined
    return Array.from({ length: queries }, () => one ?? this.#nextShape(shapes))
  }

  #query(shape: Shape): Query {
    if (shape.texts !== undefined) {
      const { query, documents } = shape.texts
      return this.#offer([query, ...documents].map((text) => this.#number(`=${text}`, () => text)))
    }
    const number = this.#nextQuery()
    const own = this.#dataset.queries[number]
    const count = shape.documents ?? own?.candidates.length ?? 0
    const chosen = candidatesOf(this.#dataset, number, count, this.#random)
    this.#filled += chosen.filled
    const query = this.#fitted(own?.text ?? 0, { characters: shape.queryCharacters })
    const documents = chosen.documents.map((document, at) =>
      this.#fitted(document, {
        characters: shape.documentCharacters?.[at],
        tokens: shape.tokens,
      }),
    )
    return this.#offer([query, ...documents], shape.tokens)
  }

  #offer([query = 0, ...documents]: readonly number[], tokens?: number): Query {
    const offered = this.#offered.get(query) ?? new Set()
    this.#offered.set(query, offered)
    this.#pairs += documents.length
    if (this.#tracked < maximumTrackedPairs) {
      this.#tracked += documents.length
      for (const document of documents) {
        if (offered.has(document)) this.#repeated += 1
        offered.add(document)
      }
    }
    return { texts: [query, ...documents], tokens }
  }

  #nextQuery(): number {
    if (this.#queries.length === 0) {
      this.#queries = this.#random.shuffled([...this.#dataset.queries.keys()])
    }
    return this.#queries.pop() ?? 0
  }

  #nextShape(shapes: Exclude<Profile['shapes'], string>): Shape {
    if (this.#shapes.length === 0) {
      const { documents, tokens } = shapes
      const all: readonly Shape[] = documents.flatMap((count): readonly Shape[] =>
        tokens === undefined
          ? [{ documents: count }]
          : tokens.map((length) => ({ documents: count, tokens: length })),
      )
      this.#shapes = this.#random.shuffled(all)
    }
    return this.#shapes.pop() ?? { documents: 1 }
  }

  /** Text `at` of the data set, or one of a wanted length that begins with it. */
  #fitted(
    at: number,
    { characters, tokens }: { characters?: number | undefined; tokens?: number | undefined },
  ): number {
    if (characters !== undefined) {
      return this.#number(`${String(at)}c${String(characters)}`, () =>
        fittedToCharacters(this.#from(at), characters),
      )
    }
    if (tokens !== undefined) {
      return this.#number(`${String(at)}t${String(tokens)}`, () =>
        fittedToTokens(() => this.#from(at), tokens, this.#counter),
      )
    }
    return this.#number(at, () => this.#dataset.textOf(at))
  }

  /** Text `at` and those after it, round and round, for a text longer than any of them. */
  *#from(at: number): Iterable<string> {
    for (let offset = 0; ; offset += 1) {
      yield this.#dataset.textOf((at + offset) % this.#dataset.size)
      // Texts may be empty; a data set of nothing else must not keep us here for ever.
      if (offset === this.#dataset.size) yield ' '.repeat(1024)
    }
  }

  #number(key: string | number, text: () => string): number {
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const number = this.texts.push(text()) - 1
    this.#numbers.set(key, number)
    return number
  }
}

/** The documents of a request with several queries are shared out among them, in order. */
function recordedShapes(recorded: TraceRequest): readonly Shape[] {
  const { queries, documents, queryCharacters, documentCharacters, texts } = recorded
  if (texts !== undefined) return [{ documents, texts }]
  return Array.from({ length: queries }, (_, at) => {
    const from = Math.floor((at * documents) / queries)
    const to = Math.floor(((at + 1) * documents) / queries)
    return {
      documents: to - from,
      documentCharacters: documentCharacters?.slice(from, to),
      queryCharacters:
        queryCharacters === undefined ? undefined : Math.round(queryCharacters / queries),
    }
  })
}
