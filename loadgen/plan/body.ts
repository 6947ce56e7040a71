import type { Dialect } from '../../core/dialects/index.ts'
import { assert, present } from '../../core/assert.ts'
import type { PlanItem } from './plan.ts'

/**
 * A request body with holes: literal JSON, and numbers that stand for the item's n-th text as a JSON
 * string (0 is the query, 1 the first document). Filling it needs no knowledge of the dialect, so
 * every engine, a k6 script too, can build the same bytes from the plan's files.
 */
export type BodyTemplate = readonly (string | number)[]

/** Letters and digits only, so that JSON escapes nothing of it; no dialect's own key looks like it. */
const marker = (at: number) => `rerankscopeText${String(at)}End`
const markers = /"rerankscopeText(\d+)End"/

/** The body of a request with so many documents, as the dialect writes it. */
export function bodyTemplateOf(dialect: Dialect, documents: number): BodyTemplate {
  const body = dialect.encodeRequest({
    query: marker(0),
    documents: Array.from({ length: documents }, (_, at) => marker(at + 1)),
    returnDocuments: false,
    rawScores: false,
    truncate: true,
    truncationDirection: 'right',
  })
  const parts = body.split(markers)
  // split() with one group alternates literal, number, literal, …
  const template = parts.map((part, at) => (at % 2 === 0 ? part : Number(part)))
  const used = new Set(template.filter((part) => typeof part === 'number'))
  assert(used.size === documents + 1, `The dialect ${dialect.name} does not send every text as is.`)
  return template
}

/** Builds bodies by copying bytes that are ready, so that nothing is encoded while requests are due. */
export class BodyComposer {
  readonly #texts: readonly Buffer[]
  readonly #templates = new Map<number, readonly (Buffer | number)[]>()

  constructor(templates: Readonly<Record<string, BodyTemplate>>, texts: readonly string[]) {
    this.#texts = texts.map((text) => Buffer.from(JSON.stringify(text)))
    for (const [documents, template] of Object.entries(templates)) {
      this.#templates.set(
        Number(documents),
        template.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
      )
    }
  }

  compose(item: PlanItem): Buffer {
    const template = present(
      this.#templates.get(item.documents),
      `No body template for ${String(item.documents)} documents.`,
    )
    return Buffer.concat(
      template.map((part) =>
        typeof part === 'number'
          ? present(this.#texts[item.texts[part] ?? -1], 'An item refers to a missing text.')
          : part,
      ),
    )
  }
}
