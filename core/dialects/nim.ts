import { z } from 'zod'
import { present } from '../assert.ts'
import { RerankFailure } from '../rerank.ts'
import {
  decodeAnswer,
  decodeBody,
  jsonMessage,
  ownBody,
  ownKeys,
  ownTerms,
  textObjects,
  tokenUsage,
  usageOf,
  usualStatuses,
  withoutUndefined,
  type FailureStatuses,
} from '../wire.ts'
import { bearer, unnamedModel, type Dialect } from './dialect.ts'

/**
 * NVIDIA NIM for reranking, `POST /v1/ranking` (docs.nvidia.com, NeMo Retriever Reranking). Scores are
 * logits; `truncate` is `NONE` (too long fails) unless the caller says `END`.
 */
const requestSchema = z.object({
  model: z.string(),
  query: z.object({ text: z.string() }),
  passages: textObjects,
  truncate: z.enum(['NONE', 'END']).nullish(),
  ...ownKeys,
})

const answerSchema = z.object({
  rankings: z.array(z.object({ index: z.int().min(0), logit: z.number() })),
  usage: tokenUsage,
})

const modelList = z.object({
  object: z.literal('list'),
  data: z
    .array(z.looseObject({ id: z.string(), owned_by: z.literal('organization-owner').optional() }))
    .min(1),
})

const health = (status: 'live' | 'ready', holds: boolean) =>
  jsonMessage(holds ? 200 : 503, {
    object: 'health.response',
    message: `Service is ${holds ? '' : 'not '}${status}.`,
    status: holds ? status : `not ${status}`,
  })

export const nim: Dialect = {
  name: 'nim',
  title: 'NVIDIA NIM',
  paths: ['/v1/ranking'],
  keys: Object.keys(requestSchema.shape),
  capabilities: {
    topN: false,
    returnDocuments: 'never',
    scores: 'logits',
    truncate: true,
    truncationSide: false,
    usage: true,
    serverPhases: false,
  },
  credentials: bearer,
  schemas: { request: requestSchema, answer: answerSchema },

  decodeRequests(body) {
    const asked = decodeBody(requestSchema, body, (what) => `Invalid request: ${what}`)
    if (asked.passages.length === 0) {
      throw new RerankFailure('empty', 'Invalid request: passages: at least one is needed')
    }
    return [
      {
        model: asked.model,
        query: asked.query.text,
        documents: asked.passages,
        returnDocuments: false,
        rawScores: true,
        truncate: asked.truncate === 'END',
        truncationDirection: 'right',
        ...ownTerms(asked),
      },
    ]
  },
  encodeResults(_requests, [result]) {
    const { ranking, usage } = present(result, 'One query has one result.')
    const tokens = usage?.tokens
    return jsonMessage(200, {
      rankings: ranking.map(({ index, score }) => ({ index, logit: score })),
      ...(tokens !== undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
    })
  },
  encodeFailure: ({ kind, message }) => jsonMessage(statuses[kind], { error: message }),

  encodeRequest: (request) =>
    JSON.stringify({
      model: request.model ?? unnamedModel,
      query: { text: request.query },
      passages: request.documents.map((text) => ({ text })),
      truncate: request.truncate === false ? 'NONE' : 'END',
      ...ownBody(request),
    }),
  decodeResult({ body }) {
    const { rankings, usage } = decodeAnswer(answerSchema, body, 'a list of rankings')
    return {
      ranking: rankings.map(({ index, logit }) => ({ index, score: logit })),
      ...usageOf(usage),
    }
  },
  decodePhases: () => ({}),

  info: {
    path: '/v1/models',
    encode: ({ model }) => JSON.stringify({ object: 'list', data: [{ id: model }] }),
    decode(body) {
      const { data } = decodeAnswer(modelList, body, 'the list of models of a NIM')
      return withoutUndefined({ model: present(data[0], 'The list holds one.').id, server: 'nim' })
    },
  },
  reads: [
    { path: '/v1/health/live', answer: () => health('live', true) },
    { path: '/v1/health/ready', answer: ({ ready }) => health('ready', ready) },
  ],
}

const statuses: FailureStatuses = {
  ...usualStatuses,
  tokenizer: 400,
}
