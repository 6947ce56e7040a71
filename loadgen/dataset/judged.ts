import { formatCount } from '../../core/units.ts'
import { inputError } from '../lines.ts'
import { maximumCandidates, type Dataset, type DatasetQuery } from './dataset.ts'
import { nonEmpty } from './rows.ts'
import { Sample } from './sample.ts'

/** Calls `use` with each query of a file and a document that goes with it. */
type Pairs = (use: (query: string, document: string, grade: number) => void) => Promise<void>

/**
 * The documents of chosen queries by id, each with its grade, where texts stand in files of their
 * own. Holds no more documents of a query than it may have.
 */
export class Judgements {
  readonly #byQuery: ReadonlyMap<string, Map<string, number>>
  #dropped = 0

  constructor(queries: Iterable<string>) {
    this.#byQuery = new Map([...queries].map((query) => [query, new Map<string, number>()]))
  }

  get queries(): ReadonlySet<string> {
    return new Set(this.#byQuery.keys())
  }

  get documents(): ReadonlySet<string> {
    return new Set([...this.#byQuery.values()].flatMap((own) => [...own.keys()]))
  }

  /** A candidate of a query; passed over where the query was not chosen. */
  add(query: string, document: string, grade: number): void {
    const own = this.#byQuery.get(query)
    if (own === undefined) return
    if (own.size === maximumCandidates && !own.has(document)) this.#dropped += 1
    else own.set(document, grade)
  }

  /** The grade of a candidate; passed over where the document is none. */
  grade(query: string, document: string, grade: number): void {
    const own = this.#byQuery.get(query)
    if (own?.has(document) === true) own.set(document, grade)
  }

  /** The data set, candidates of a higher grade first; relevant are those of `relevantGrade` or more. */
  dataset(
    name: string,
    relevantGrade: number,
    queries: ReadonlyMap<string, string>,
    documents: ReadonlyMap<string, string>,
  ): Dataset {
    const texts: string[] = []
    const numbers = new Map<string, number>()
    const numberOf = (document: string) => {
      const number = numbers.get(document) ?? texts.push(documents.get(document) ?? '') - 1
      numbers.set(document, number)
      return number
    }
    const made = [...this.#byQuery].map(([query, own]): DatasetQuery => {
      const graded = [...own].sort(([, a], [, b]) => b - a)
      return {
        text: texts.push(queries.get(query) ?? '') - 1,
        candidates: graded.map(([document]) => numberOf(document)),
        relevant: graded.filter(([, grade]) => grade >= relevantGrade).length,
        grades: graded.map(([, grade]) => grade),
      }
    })
    return {
      name,
      size: texts.length,
      textOf: (number) => texts[number] ?? '',
      queries: made,
      ...(this.#dropped > 0 && { droppedCandidates: this.#dropped }),
    }
  }
}

/**
 * A seeded sample of the queries in a file of pairs.
 *
 * @throws UserError (usage) when there is none.
 */
export async function sampledQueries(
  file: string,
  pairs: Pairs,
  { seed, queries }: { readonly seed: number; readonly queries: number },
): Promise<readonly string[]> {
  const sample = new Sample<string>(seed, queries)
  const seen = new Set<string>()
  await pairs((query) => {
    if (seen.has(query)) return
    seen.add(query)
    sample.offer(query, () => query)
  })
  return nonEmpty(sample.values(), file)
}

/** @throws UserError (usage) when the file of texts lacks some of those `wanted`. */
export function requireTexts(
  file: string,
  texts: ReadonlyMap<string, string>,
  wanted: ReadonlySet<string>,
  { field, namedBy }: { readonly field: string; readonly namedBy: string },
): void {
  const missing = [...wanted].filter((id) => !texts.has(id))
  if (missing.length === 0) return
  throw inputError(
    file,
    undefined,
    `lacks ${formatCount(missing.length)} of ${formatCount(wanted.size)} that ${namedBy} names, ${field} ${missing[0]?.slice(0, 40) ?? ''} for one; take files of one version, and whole ones`,
  )
}
