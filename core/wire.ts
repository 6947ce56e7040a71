import { z } from 'zod'
import type { WireMessage } from './dialects/dialect.ts'
import {
  rank,
  RerankFailure,
  truncationStrategies,
  type FailureKind,
  type RankedDocument,
  type RerankRequest,
  type RerankResult,
  type RerankUsage,
} from './rerank.ts'

/** What several wire formats have in common. Nothing here knows one of them. */

/**
 * A list that stops at the first item that `read` does not understand: `z.array(schema)` makes an
 * issue of each, and a body of twenty megabytes holds enough of them to end the process.
 */
export function listOf<T>(
  read: (item: unknown) => T | undefined,
  items: Readonly<Record<string, unknown>>,
) {
  return z
    .array(z.unknown())
    .meta({ items })
    .transform((list, context): readonly T[] => {
      const values: T[] = []
      for (const [at, item] of list.entries()) {
        const value = read(item)
        if (value === undefined) {
          context.addIssue({ code: 'custom', path: [at], message: 'expected a text' })
          return z.NEVER
        }
        values.push(value)
      }
      return values
    })
}

const text = { type: 'string' } as const
const objectWithText = {
  type: 'object',
  properties: { text },
  required: ['text'],
} as const

const textIn = (item: unknown): string | undefined => {
  if (typeof item !== 'object' || item === null || !Object.hasOwn(item, 'text')) return undefined
  const { text: value } = item as { readonly text: unknown }
  return typeof value === 'string' ? value : undefined
}

export const texts = listOf((item) => (typeof item === 'string' ? item : undefined), text)
export const textObjects = listOf(textIn, objectWithText)
export const textsOrObjects = listOf((item) => (typeof item === 'string' ? item : textIn(item)), {
  anyOf: [text, objectWithText],
})

/** A whole number from 1 on; null is as good as absent, as clients in Python send it. */
export const countKey = z.int().min(1).nullish()

/** Keys that only our server knows, in every format: what a format cannot say by itself. */
export const ownKeys = {
  max_length: countKey.describe('Tokens a pair is cut to (rerankscope only)'),
  truncation: z
    .enum(truncationStrategies)
    .nullish()
    .describe('What becomes of a pair that is too long (rerankscope only)'),
}

export function ownTerms(body: {
  readonly max_length?: number | null | undefined
  readonly truncation?: RerankRequest['truncation'] | null
}): Pick<RerankRequest, 'maximumTokens' | 'truncation'> {
  const { max_length, truncation } = body
  return {
    ...(typeof max_length === 'number' && { maximumTokens: max_length }),
    ...(typeof truncation === 'string' && { truncation }),
  }
}

export const ownBody = ({ maximumTokens, truncation }: RerankRequest) => ({
  max_length: maximumTokens,
  truncation,
})

/** Throws a `RerankFailure` that names the key, and nothing of what it holds. */
export function decodeBody<T extends z.ZodType>(
  schema: T,
  body: unknown,
  sentence: (what: string) => string,
): z.output<T> {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const key = issue?.path.join('.') ?? ''
  const what = key === '' ? 'the body must be a JSON object' : `${key}: ${issue?.message ?? ''}`
  throw new RerankFailure('malformed', sentence(what), { cause: parsed.error })
}

/** Throws an `Error` that says what the answer is not, and nothing of what it holds. */
export function decodeAnswer<T extends z.ZodType>(
  schema: T,
  body: string,
  what: string,
): z.output<T> {
  let value: unknown
  try {
    value = JSON.parse(body)
  } catch {
    throw new Error('the answer is not JSON')
  }
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new Error(`the answer is not ${what}`)
  return parsed.data
}

export function jsonMessage(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): WireMessage {
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  }
}

/** The status of each failure in one format. */
export type FailureStatuses = Readonly<Record<FailureKind, number>>

/** What most JSON interfaces answer; a format states where it differs. */
export const usualStatuses: FailureStatuses = {
  invalid_json: 400,
  malformed: 422,
  unsupported_media_type: 415,
  empty: 400,
  validation: 400,
  too_many_documents: 400,
  too_large: 413,
  tokenizer: 422,
  overloaded: 429,
  unhealthy: 503,
  backend: 500,
  not_found: 404,
  method_not_allowed: 405,
  unauthorized: 401,
  model_not_found: 404,
  deadline_exceeded: 504,
}

/** `results` as Cohere made them usual; in the wild `document` is an object, a text or null. */
export const scoredResults = z.array(
  z.object({
    index: z.int().min(0),
    relevance_score: z.number(),
    document: z.union([z.string(), z.looseObject({ text: z.string().nullish() })]).nullish(),
  }),
)

export function rankingOf(results: z.output<typeof scoredResults>): readonly RankedDocument[] {
  return results.map(({ index, relevance_score, document }) => {
    const said = typeof document === 'string' ? document : document?.text
    return { index, score: relevance_score, ...(typeof said === 'string' && { text: said }) }
  })
}

export const tokenUsage = z
  .object({ prompt_tokens: z.number().nullish(), total_tokens: z.number().nullish() })
  .nullish()

export function usageOf(usage: z.output<typeof tokenUsage>): Pick<RerankResult, 'usage'> {
  const tokens = usage?.total_tokens ?? usage?.prompt_tokens
  return typeof tokens === 'number' ? { usage: { tokens } } : {}
}

/** The work behind all results together; what one of them does not say is unknown of all. */
export function totalUsage(results: readonly RerankResult[]): RerankUsage {
  const sum = (key: keyof RerankUsage) =>
    results.reduce<number | undefined>((total, { usage }) => {
      const value = usage?.[key]
      return total === undefined || value === undefined ? undefined : total + value
    }, 0)
  return withoutUndefined({
    tokens: sum('tokens'),
    characters: sum('characters'),
    truncatedPairs: sum('truncatedPairs'),
  })
}

/** Pairs as formats with lists of them write them: pair i is `queries[i]` and `documents[i]`. */
export function pairsOf(requests: readonly RerankRequest[]): {
  readonly queries: readonly string[]
  readonly documents: readonly string[]
} {
  return {
    queries: requests.flatMap(({ query, documents }) => documents.map(() => query)),
    documents: requests.flatMap(({ documents }) => documents),
  }
}

/** One group for each run of equal queries; as many of both, or one query for all documents. */
export function byQuery(
  queries: readonly string[],
  documents: readonly string[],
): readonly { readonly query: string; readonly documents: readonly string[] }[] {
  const groups: { query: string; documents: string[] }[] = []
  for (const [at, document] of documents.entries()) {
    const query = queries[queries.length === 1 ? 0 : at] ?? ''
    const last = groups.at(-1)
    if (last?.query === query) last.documents.push(document)
    else groups.push({ query, documents: [document] })
  }
  return groups
}

/** The score of each document, in the order of the requests and of their documents. */
export function scoresInOrder(
  requests: readonly RerankRequest[],
  results: readonly RerankResult[],
): readonly number[] {
  return requests.flatMap(({ documents }, at) => {
    const scores = Array<number>(documents.length).fill(Number.NaN)
    for (const { index, score } of results[at]?.ranking ?? []) scores[index] = score
    return scores
  })
}

/** Best first, as a ranking has it, of scores that came in input order. */
export const rankedScores = (scores: readonly number[]): readonly RankedDocument[] =>
  rank(scores, { documents: [], returnDocuments: false })

/** Throws an `Error` when there are not as many scores as documents were sent. */
export function splitScores(
  scores: readonly number[],
  requests: readonly RerankRequest[],
): readonly RerankResult[] {
  const documents = requests.reduce((sum, request) => sum + request.documents.length, 0)
  if (scores.length !== documents) {
    throw new Error(
      `the answer has ${String(scores.length)} scores for ${String(documents)} documents`,
    )
  }
  let from = 0
  return requests.map((request) => {
    const own = scores.slice(from, (from += request.documents.length))
    return { ranking: rank(own, request) }
  })
}

/** The first of them, which speaks for all; throws a `RangeError` where another says otherwise. */
export function sameTerms(requests: readonly RerankRequest[]): RerankRequest {
  const [first] = requests
  if (first === undefined) throw new RangeError('A body needs at least one request.')
  const termsOf = (request: RerankRequest) =>
    JSON.stringify(
      Object.entries({ ...request, query: '', documents: [] }).sort(([a], [b]) => (a < b ? -1 : 1)),
    )
  const terms = termsOf(first)
  if (!requests.every((request) => termsOf(request) === terms)) {
    throw new RangeError('The requests of one body differ in more than query and documents.')
  }
  return first
}

export function withoutUndefined<T extends Record<string, unknown>>(
  value: T,
): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, entry]) => entry !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>
  }
}
