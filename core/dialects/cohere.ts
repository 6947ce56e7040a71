import { z } from 'zod'
import { present } from '../assert.ts'
import {
  RerankFailure,
  type FailureKind,
  type RerankRequest,
  type RerankResult,
} from '../rerank.ts'
import {
  countKey,
  decodeAnswer,
  decodeBody,
  jsonMessage,
  listOf,
  ownBody,
  ownKeys,
  ownTerms,
  rankingOf,
  scoredResults,
  texts,
  usualStatuses,
  type FailureStatuses,
} from '../wire.ts'
import { bearer, unnamedModel, type Dialect } from './dialect.ts'

/**
 * Cohere, `POST /v1/rerank` and `POST /v2/rerank` (docs.cohere.com, types of cohere-ai 8.1.0).
 * `document` is left out, never null, when nobody asked for it: clients refuse the null.
 */
const documents = listOf(
  (item) => (typeof item === 'string' || isFields(item) ? item : undefined),
  { anyOf: [{ type: 'string' }, { type: 'object', additionalProperties: { type: 'string' } }] },
)

const requestV1 = z.object({
  model: z.string().nullish(),
  query: z.string(),
  documents,
  top_n: countKey,
  rank_fields: texts.nullish(),
  return_documents: z.boolean().nullish(),
  max_chunks_per_doc: countKey,
  ...ownKeys,
})

const requestV2 = z.object({
  model: z.string(),
  query: z.string(),
  documents: texts,
  top_n: countKey,
  max_tokens_per_doc: countKey,
  priority: z.int().nullish(),
  ...ownKeys,
})

const answer = z.object({
  id: z.string().nullish(),
  results: scoredResults,
  meta: z
    .looseObject({ tokens: z.looseObject({ input_tokens: z.number().nullish() }).nullish() })
    .nullish(),
})

type Fields = Readonly<Record<string, unknown>>

/** Our own sentences are not of Cohere's words; where its words are known they are used. */
const sentence = (what: string) => `invalid request: ${what}`

const shared = {
  credentials: bearer,
  decodeResult({ body }) {
    const { results, meta } = decodeAnswer(answer, body, 'a list of results')
    const tokens = meta?.tokens?.input_tokens
    return { ranking: rankingOf(results), ...(typeof tokens === 'number' && { usage: { tokens } }) }
  },
  decodePhases: () => ({}),
} satisfies Partial<Dialect>

const capabilities = {
  topN: true,
  scores: 'sigmoid',
  truncate: false,
  truncationSide: false,
  usage: true,
  serverPhases: false,
} as const

export const cohereV1: Dialect = {
  ...shared,
  name: 'cohere-v1',
  title: 'Cohere v1',
  paths: ['/v1/rerank'],
  keys: Object.keys(requestV1.shape),
  capabilities: { ...capabilities, returnDocuments: 'choice' },
  schemas: { request: requestV1, answer },

  decodeRequests(body) {
    const asked = decodeBody(requestV1, body, sentence)
    const objects = asked.documents.map((item) => (typeof item === 'string' ? undefined : item))
    return [
      {
        ...checked(
          asked,
          asked.documents.map((item) => textOf(item, asked.rank_fields)),
        ),
        returnDocuments: asked.return_documents ?? false,
        ...(objects.some(Boolean) && { documentFields: objects }),
      },
    ]
  },
  encodeRequest: (request) =>
    JSON.stringify({
      ...bodyOf(request),
      ...(request.returnDocuments && { return_documents: true }),
      ...ownBody(request),
    }),
  encodeResults([request], [result], facts) {
    const { documentFields, returnDocuments } = present(request, 'A body has one query.')
    const { ranking } = present(result, 'One query has one result.')
    const results = ranking.map(({ index, score, text }) =>
      returnDocuments
        ? { document: documentFields?.[index] ?? { text }, index, relevance_score: score }
        : { index, relevance_score: score },
    )
    return jsonMessage(200, { id: facts.id, results, meta: metaOf('1', request, result) })
  },
  encodeFailure: ({ kind, message }) =>
    jsonMessage(statuses[kind], { message: wordsOf(kind, message) }),
}

export const cohereV2: Dialect = {
  ...shared,
  name: 'cohere-v2',
  title: 'Cohere v2',
  paths: ['/v2/rerank'],
  keys: Object.keys(requestV2.shape),
  capabilities: { ...capabilities, returnDocuments: 'never' },
  schemas: { request: requestV2, answer },

  decodeRequests(body) {
    const asked = decodeBody(requestV2, body, sentence)
    const limit = asked.max_tokens_per_doc
    return [
      {
        ...checked(asked, asked.documents),
        ...(typeof limit === 'number' && { maximumDocumentTokens: limit }),
      },
    ]
  },
  encodeRequest: (request) =>
    JSON.stringify({
      model: unnamedModel,
      ...bodyOf(request),
      max_tokens_per_doc: request.maximumDocumentTokens,
      ...ownBody(request),
    }),
  encodeResults([request], [result], facts) {
    const { ranking } = present(result, 'One query has one result.')
    const results = ranking.map(({ index, score }) => ({ index, relevance_score: score }))
    return jsonMessage(200, { id: facts.id, results, meta: metaOf('2', request, result) })
  },
  encodeFailure: ({ kind, message }, id) =>
    jsonMessage(statuses[kind], { id, message: wordsOf(kind, message) }),
}

/** What both versions ask of a request. */
function checked(
  asked: z.output<typeof requestV1> | z.output<typeof requestV2>,
  documentTexts: readonly string[],
): RerankRequest {
  const { model, query, top_n } = asked
  if (documentTexts.length === 0) {
    throw new RerankFailure('empty', sentence('list of documents must not be empty'))
  }
  if (query.trim() === '') {
    throw new RerankFailure('empty', sentence('query must not be empty or be only whitespace'))
  }
  return {
    ...(typeof model === 'string' && { model }),
    query,
    documents: documentTexts,
    ...(typeof top_n === 'number' && { topN: top_n }),
    returnDocuments: false,
    rawScores: false,
    truncationDirection: 'right',
    ...ownTerms(asked),
  }
}

const bodyOf = ({ model, query, documents: list, topN }: RerankRequest) => ({
  ...(model !== undefined && { model }),
  query,
  documents: list,
  top_n: topN,
})

function metaOf(
  version: string,
  request: RerankRequest | undefined,
  result: RerankResult | undefined,
) {
  const { tokens, truncatedPairs = 0 } = result?.usage ?? {}
  const units = Math.max(1, Math.ceil((request?.documents.length ?? 0) / documentsPerUnit))
  return {
    api_version: { version },
    billed_units: { search_units: units },
    ...(tokens !== undefined && { tokens: { input_tokens: tokens, output_tokens: 0 } }),
    ...(truncatedPairs > 0 && {
      warnings: [`${String(truncatedPairs)} documents were truncated to fit the model`],
    }),
  }
}

/** A search unit is a query with up to so many documents. */
const documentsPerUnit = 100

function isFields(item: unknown): item is Fields {
  return typeof item === 'object' && item !== null && !Array.isArray(item)
}

/** The text of a document: its `text`, or the fields to rank by, one a line in the order asked for. */
function textOf(item: string | Fields, rankFields: readonly string[] | null | undefined): string {
  if (typeof item === 'string') return item
  const values = (rankFields ?? ['text'])
    .map((field) => (Object.hasOwn(item, field) ? item[field] : undefined))
    .filter((value) => typeof value === 'string')
  if (values.length === 0) {
    throw new RerankFailure('malformed', sentence('a document has none of the fields to rank by'))
  }
  return values.join('\n')
}

const statuses: FailureStatuses = {
  ...usualStatuses,
  malformed: 400,
}

function wordsOf(kind: FailureKind, message: string): string {
  return kind === 'unauthorized' ? 'invalid api token' : message
}
