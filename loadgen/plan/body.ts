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

/**
 * The body of a request with so many documents a query, as the dialect writes it; several queries
 * need a dialect with `batch`.
 */
export function bodyTemplateOf(
  dialect: Dialect,
  documents: number,
  { queries = 1, model }: { readonly queries?: number; readonly model?: string | undefined } = {},
): BodyTemplate {
  const width = documents + 1
  const requests = Array.from({ length: queries }, (_, query) => ({
    ...(model !== undefined && { model }),
    query: marker(query * width),
    documents: Array.from({ length: documents }, (_, at) => marker(query * width + at + 1)),
    returnDocuments: false,
    rawScores: false,
    truncate: true,
    truncationDirection: 'right' as const,
  }))
  const [first] = requests
  assert(first !== undefined, 'A request has a query.')
  const body =
    queries === 1
      ? dialect.encodeRequest(first)
      : present(dialect.batch, `${dialect.name} takes one query a request.`).encode(requests)
  const parts = body.split(markers)
  // split() with one group alternates literal, number, literal, …
  const template = parts.map((part, at) => (at % 2 === 0 ? part : Number(part)))
  const used = new Set(template.filter((part) => typeof part === 'number'))
  assert(
    used.size === queries * width,
    `The dialect ${dialect.name} does not send every text as is.`,
  )
  return template
}

/** A template for each shape of the plan, as `plan.json` holds them. */
export function bodiesOf(
  dialect: Dialect,
  items: readonly PlanItem[],
  model?: string,
): Readonly<Record<string, BodyTemplate>> {
  const bodies: Record<string, BodyTemplate> = {}
  for (const item of items) {
    bodies[shapeKeyOf(item)] ??= bodyTemplateOf(dialect, item.documents, {
      queries: item.queries ?? 1,
      model,
    })
  }
  return bodies
}

/** `50`; `8x50` for eight queries of 50 documents in one request. */
export function shapeKeyOf({ documents, queries = 1 }: Pick<PlanItem, 'documents' | 'queries'>) {
  return queries === 1 ? String(documents) : `${String(queries)}x${String(documents)}`
}

/** Builds bodies by copying bytes that are ready, so that nothing is encoded while requests are due. */
export class BodyComposer {
  readonly #texts: readonly Buffer[]
  readonly #templates = new Map<string, readonly (Buffer | number)[]>()

  constructor(templates: Readonly<Record<string, BodyTemplate>>, texts: readonly string[]) {
    this.#texts = texts.map((text) => Buffer.from(JSON.stringify(text)))
    for (const [shape, template] of Object.entries(templates)) {
      this.#templates.set(
        shape,
        template.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
      )
    }
  }

  compose(item: PlanItem): Buffer {
    const template = present(
      this.#templates.get(shapeKeyOf(item)),
      `No body template for ${shapeKeyOf(item)} documents.`,
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
