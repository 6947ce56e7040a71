import { z } from 'zod'
import { present } from '../assert.ts'
import {
  decodeAnswer,
  decodeBody,
  jsonMessage,
  rankingOf,
  scoredResults,
  tokenUsage,
  usageOf,
  withoutUndefined,
} from '../wire.ts'
import { bearer, type Dialect } from './dialect.ts'
import {
  answerId,
  capabilities,
  common,
  encodeFailure,
  input,
  inputs,
  nothingToScore,
  sentence,
  termsBody,
  termsOf,
  usageBody,
} from './vllm/terms.ts'

export { vllmScore } from './vllm/score.ts'

/**
 * vLLM, `/rerank` and `/score` (vllm/entrypoints/pooling). `/rerank` answers best first and always
 * with the document. Infinity, Xinference and llama.cpp take its bodies too.
 */
const rerankRequest = z.object({
  query: input,
  documents: inputs,
  top_n: z.int().nullish(),
  ...common,
})
const rerankAnswer = z.object({
  id: z.string().nullish(),
  model: z.string().nullish(),
  usage: tokenUsage,
  results: scoredResults,
})

const modelList = z.object({
  data: z
    .array(
      z.looseObject({
        id: z.string(),
        root: z.string().nullish(),
        owned_by: z.string().optional(),
        max_model_len: z.number(),
      }),
    )
    .min(1),
})

export const vllm: Dialect = {
  name: 'vllm',
  title: 'vLLM /rerank',
  paths: ['/rerank', '/v1/rerank', '/v2/rerank'],
  keys: Object.keys(rerankRequest.shape),
  capabilities: { ...capabilities, topN: true, returnDocuments: 'always' },
  credentials: bearer,
  schemas: { request: rerankRequest, answer: rerankAnswer },

  decodeRequests(body) {
    const { query, documents, top_n, ...asked } = decodeBody(rerankRequest, body, sentence)
    if (documents.length === 0) throw nothingToScore()
    return [
      {
        ...termsOf(asked),
        query,
        documents,
        // 0 means all, as below it.
        ...(typeof top_n === 'number' && top_n > 0 && { topN: top_n }),
        returnDocuments: true,
      },
    ]
  },
  encodeResults([request], [result], { id, model }) {
    const { ranking, usage } = present(result, 'One query has one result.')
    return jsonMessage(200, {
      id: answerId(request, id),
      model,
      usage: usageBody(usage?.tokens),
      results: ranking.map(({ index, score, text }) => ({
        index,
        document: { text: text ?? null, multi_modal: null },
        relevance_score: score,
      })),
    })
  },
  encodeFailure,

  encodeRequest: (request) =>
    JSON.stringify({
      query: request.query,
      documents: request.documents,
      top_n: request.topN,
      ...termsBody(request),
    }),
  decodeResult({ body }) {
    const { results, usage } = decodeAnswer(rerankAnswer, body, 'a list of results')
    return { ranking: rankingOf(results), ...usageOf(usage) }
  },
  decodePhases: () => ({}),

  info: {
    path: '/v1/models',
    encode: (info) =>
      JSON.stringify({
        object: 'list',
        data: [
          {
            id: info.model,
            object: 'model',
            created: 0,
            owned_by: info.server ?? 'vllm',
            root: info.modelSource ?? info.model,
            parent: null,
            max_model_len: info.maximumInputTokens ?? null,
          },
        ],
      }),
    decode(body) {
      const { data } = decodeAnswer(modelList, body, "vLLM's list of models")
      const model = present(data[0], 'The list holds one.')
      return withoutUndefined({
        model: model.id,
        // `--served-model-name` gives it another.
        modelSource: model.root !== model.id ? (model.root ?? undefined) : undefined,
        server: model.owned_by,
        maximumInputTokens: model.max_model_len,
      })
    },
  },
}
