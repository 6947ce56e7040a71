import { z } from 'zod'
import { present } from '../assert.ts'
import { RerankFailure } from '../rerank.ts'
import {
  countKey,
  decodeAnswer,
  decodeBody,
  jsonMessage,
  ownBody,
  ownKeys,
  ownTerms,
  rankingOf,
  scoredResults,
  textsOrObjects,
  tokenUsage,
  usageOf,
  usualStatuses,
  type FailureStatuses,
} from '../wire.ts'
import { bearer, unnamedModel, type Dialect } from './dialect.ts'

/**
 * Jina, `POST /v1/rerank` (api.jina.ai), which llama.cpp, LocalAI and many gateways copy. Images are
 * not taken: a cross-encoder of texts cannot rank them.
 */
const requestSchema = z.object({
  model: z.string(),
  query: z.string(),
  documents: textsOrObjects,
  top_n: countKey,
  return_documents: z.boolean().nullish(),
  ...ownKeys,
})

const answerSchema = z.object({
  model: z.string().nullish(),
  object: z.string().nullish(),
  usage: tokenUsage,
  results: scoredResults,
})

export const jina: Dialect = {
  name: 'jina',
  title: 'Jina',
  paths: ['/v1/rerank'],
  keys: Object.keys(requestSchema.shape),
  capabilities: {
    topN: true,
    returnDocuments: 'choice',
    scores: 'sigmoid',
    truncate: false,
    truncationSide: false,
    usage: true,
    serverPhases: false,
  },
  credentials: bearer,
  schemas: { request: requestSchema, answer: answerSchema },

  decodeRequests(body) {
    const asked = decodeBody(requestSchema, body, (what) => `Validation error: ${what}`)
    if (asked.documents.length === 0) {
      throw new RerankFailure('empty', 'Validation error: documents: at least one is needed')
    }
    return [
      {
        model: asked.model,
        query: asked.query,
        documents: asked.documents,
        ...(typeof asked.top_n === 'number' && { topN: asked.top_n }),
        returnDocuments: asked.return_documents ?? false,
        rawScores: false,
        truncationDirection: 'right',
        ...ownTerms(asked),
      },
    ]
  },
  encodeResults(_requests, [result], { model }) {
    const { ranking, usage } = present(result, 'One query has one result.')
    const tokens = usage?.tokens
    return jsonMessage(200, {
      model,
      object: 'list',
      ...(tokens !== undefined && { usage: { total_tokens: tokens, prompt_tokens: tokens } }),
      results: ranking.map(({ index, score, text }) => ({
        index,
        relevance_score: score,
        ...(text !== undefined && { document: { text } }),
      })),
    })
  },
  encodeFailure: ({ kind, message }) => jsonMessage(statuses[kind], { detail: message }),

  encodeRequest: (request) =>
    JSON.stringify({
      model: request.model ?? unnamedModel,
      query: request.query,
      documents: request.documents,
      top_n: request.topN,
      // Said always: the default changed, and texts that nobody reads cost time on both sides.
      return_documents: request.returnDocuments,
      ...ownBody(request),
    }),
  decodeResult({ body }) {
    const { results, usage } = decodeAnswer(answerSchema, body, 'a list of results')
    return { ranking: rankingOf(results), ...usageOf(usage) }
  },
  decodePhases: () => ({}),
}

const statuses: FailureStatuses = {
  ...usualStatuses,
  empty: 422,
  validation: 422,
  too_many_documents: 422,
}
