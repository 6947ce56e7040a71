import { z } from 'zod'
import { present } from '../assert.ts'
import { RerankFailure, truncationStrategies, unhealthy, type FailureKind } from '../rerank.ts'
import {
  decodeAnswer,
  decodeBody,
  jsonMessage,
  ownBody,
  ownKeys,
  ownTerms,
  texts,
  withoutUndefined,
} from '../wire.ts'
import { bearer, type Dialect, type WireMessage } from './dialect.ts'

/**
 * Text Embeddings Inference, `POST /rerank` (huggingface/text-embeddings-inference v1.9.3,
 * router/src/http): bodies, statuses and headers as that version sends them, error types
 * capitalised as on the wire (its OpenAPI document shows them in lower case).
 */
const direction = z.enum(['left', 'Left', 'right', 'Right'])

const requestSchema = z.object({
  query: z.string(),
  texts,
  truncate: z.boolean().nullish(),
  truncation_direction: direction.optional(),
  raw_scores: z.boolean().optional(),
  return_text: z.boolean().optional(),
  ...ownKeys,
})

const resultSchema = z.array(
  z.object({
    index: z.number().int().min(0),
    score: z.number(),
    text: z.string().optional(),
  }),
)

const infoSchema = z.object({
  model_id: z.string(),
  model_dtype: z.string().optional(),
  version: z.string().optional(),
  max_concurrent_requests: z.number().optional(),
  max_input_length: z.number().optional(),
  max_batch_tokens: z.number().optional(),
  max_client_batch_size: z.number().optional(),
  rerankscope: z
    .looseObject({
      device: z.string(),
      max_requests: z.number().optional(),
      max_queued_tokens: z.number().optional(),
      max_queued_bytes: z.number().optional(),
      max_body_bytes: z.number().optional(),
      max_json_depth: z.number().optional(),
      truncation: z.enum(truncationStrategies).optional(),
    })
    .optional(),
})

export const tei: Dialect = {
  name: 'tei',
  title: 'Text Embeddings Inference',
  // The other two are SageMaker's.
  paths: ['/rerank', '/', '/invocations'],
  keys: Object.keys(requestSchema.shape),
  capabilities: {
    topN: false,
    returnDocuments: 'choice',
    scores: 'choice',
    truncate: true,
    truncationSide: true,
    usage: true,
    serverPhases: true,
  },
  credentials: bearer,
  schemas: { request: requestSchema, answer: resultSchema },

  decodeRequests(body) {
    const asked = decodeBody(requestSchema, body, sentence)
    const { query, truncate, truncation_direction, raw_scores, return_text } = asked
    if (asked.texts.length === 0) throw new RerankFailure('empty', '`texts` cannot be empty')
    if (query === '' && asked.texts.includes('')) {
      throw new RerankFailure('empty', '`inputs` cannot be empty')
    }
    return [
      {
        query,
        documents: asked.texts,
        returnDocuments: return_text ?? false,
        rawScores: raw_scores ?? false,
        ...(typeof truncate === 'boolean' && { truncate }),
        truncationDirection: truncation_direction?.toLowerCase() === 'left' ? 'left' : 'right',
        ...ownTerms(asked),
      },
    ]
  },

  encodeResults([request], [result], { phases }) {
    const { ranking, usage } = present(result, 'One query has one result.')
    const milliseconds = (seconds: number | undefined) => String(Math.round((seconds ?? 0) * 1000))
    return {
      status: 200,
      headers: {
        'content-type': 'application/json',
        'x-compute-type': 'gpu+optimized',
        'x-compute-time': milliseconds(phases.totalSeconds),
        'x-compute-characters': String(usage?.characters ?? 0),
        'x-compute-tokens': String(usage?.tokens ?? 0),
        'x-total-time': milliseconds(phases.totalSeconds),
        'x-tokenization-time': milliseconds(phases.tokeniseSeconds),
        'x-queue-time': milliseconds(phases.queueSeconds),
        'x-inference-time': milliseconds(phases.inferSeconds),
      },
      body: JSON.stringify(
        ranking.map(({ index, score, text }) =>
          request?.returnDocuments ? { index, text, score } : { index, score },
        ),
      ),
    }
  },

  encodeFailure,

  encodeRequest(request) {
    return JSON.stringify({
      query: request.query,
      texts: request.documents,
      // Sent always: the default changed between TEI versions.
      truncate: request.truncate ?? true,
      ...(request.truncationDirection === 'left' && { truncation_direction: 'Left' }),
      ...(request.rawScores && { raw_scores: true }),
      ...(request.returnDocuments && { return_text: true }),
      ...ownBody(request),
    })
  },

  decodeResult({ headers, body }) {
    const results = decodeAnswer(resultSchema, body, 'a list of {index, score}')
    const tokens = countIn(headers['x-compute-tokens'])
    const characters = countIn(headers['x-compute-characters'])
    return {
      ...((tokens ?? characters) !== undefined && {
        usage: withoutUndefined({ tokens, characters }),
      }),
      ranking: results.map(({ index, score, text }) => ({
        index,
        score,
        ...(text !== undefined && { text }),
      })),
    }
  },

  decodePhases({ headers }) {
    const seconds = (name: string) => {
      const milliseconds = countIn(headers[name])
      return milliseconds === undefined ? undefined : milliseconds / 1000
    }
    return withoutUndefined({
      totalSeconds: seconds('x-total-time'),
      tokeniseSeconds: seconds('x-tokenization-time'),
      queueSeconds: seconds('x-queue-time'),
      inferSeconds: seconds('x-inference-time'),
    })
  },

  info: {
    path: '/info',
    encode: (info) =>
      JSON.stringify({
        model_id: info.model,
        model_sha: null,
        model_dtype: info.dtype,
        served_model_name: info.model,
        model_type: { reranker: { id2label: { '0': 'LABEL_0' }, label2id: { LABEL_0: 0 } } },
        max_concurrent_requests: info.maximumConcurrentPairs,
        max_input_length: info.maximumInputTokens,
        max_batch_tokens: info.maximumBatchTokens,
        max_batch_requests: null,
        max_client_batch_size: info.maximumDocuments,
        auto_truncate: info.truncation !== 'error',
        version: info.version,
        sha: null,
        docker_label: null,
        // TEI's clients ignore keys they do not know; ours learns here that it is not TEI.
        ...(info.server === 'rerankscope' && {
          rerankscope: {
            device: info.device,
            max_requests: info.maximumConcurrentRequests,
            max_queued_tokens: info.maximumConcurrentTokens,
            max_queued_bytes: info.maximumConcurrentBytes,
            max_body_bytes: info.maximumBodyBytes,
            max_json_depth: info.maximumJsonDepth,
            truncation: info.truncation,
          },
        }),
      }),
    decode(body) {
      const info = decodeAnswer(infoSchema, body, 'the /info of Text Embeddings Inference')
      return withoutUndefined({
        model: info.model_id,
        server: info.rerankscope === undefined ? 'tei' : 'rerankscope',
        version: info.version,
        dtype: info.model_dtype,
        device: info.rerankscope?.device,
        maximumInputTokens: info.max_input_length,
        maximumDocuments: info.max_client_batch_size,
        maximumBatchTokens: info.max_batch_tokens,
        maximumConcurrentPairs: info.max_concurrent_requests,
        maximumConcurrentRequests: info.rerankscope?.max_requests,
        maximumConcurrentTokens: info.rerankscope?.max_queued_tokens,
        maximumConcurrentBytes: info.rerankscope?.max_queued_bytes,
        maximumBodyBytes: info.rerankscope?.max_body_bytes,
        maximumJsonDepth: info.rerankscope?.max_json_depth,
        truncation: info.rerankscope?.truncation,
      })
    },
  },
  reads: ['/', '/ping'].map((path) => ({
    path,
    answer: ({ ready }) =>
      ready ? { status: 200, headers: {}, body: '' } : encodeFailure(unhealthy()),
  })),
}

const sentence = (what: string) =>
  `Failed to deserialize the JSON body into the target type: ${what}`

function encodeFailure({ kind, message }: RerankFailure): WireMessage {
  const { status, type } = failures[kind]
  if (type !== undefined) return jsonMessage(status, { error: message, error_type: type })
  return {
    status,
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    // A wrong key gets no word.
    body: kind === 'unauthorized' ? '' : message,
  }
}

/** Without `type` the body is plain text, as axum answers before TEI's own code is reached. */
const failures: Readonly<Record<FailureKind, { status: number; type?: string }>> = {
  invalid_json: { status: 400 },
  malformed: { status: 422 },
  unsupported_media_type: { status: 415 },
  empty: { status: 400, type: 'Empty' },
  validation: { status: 422, type: 'Validation' },
  too_many_documents: { status: 422, type: 'Validation' },
  too_large: { status: 413 },
  tokenizer: { status: 422, type: 'Tokenizer' },
  overloaded: { status: 429, type: 'Overloaded' },
  unhealthy: { status: 503, type: 'Unhealthy' },
  backend: { status: 424, type: 'Backend' },
  not_found: { status: 404 },
  method_not_allowed: { status: 405 },
  unauthorized: { status: 401 },
  // TEI serves one model and has no deadlines: these two are ours.
  model_not_found: { status: 404, type: 'Validation' },
  deadline_exceeded: { status: 504, type: 'Overloaded' },
}

/** A number from 0 on in a header, or undefined. */
function countIn(text: string | undefined): number | undefined {
  const value = text === undefined || text === '' ? Number.NaN : Number(text)
  return Number.isFinite(value) && value >= 0 ? value : undefined
}
