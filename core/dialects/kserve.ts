import { z } from 'zod'
import { RerankFailure, type RerankRequest, type ServerInfo } from '../rerank.ts'
import {
  byQuery,
  decodeAnswer,
  decodeBody,
  jsonMessage,
  listOf,
  ownBody,
  ownKeys,
  ownTerms,
  pairsOf,
  rankedScores,
  sameTerms,
  scoresInOrder,
  splitScores,
  totalUsage,
  usualStatuses,
  withoutUndefined,
  type FailureStatuses,
} from '../wire.ts'
import { bearer, type Dialect, type WireMessage } from './dialect.ts'

/**
 * KServe v2, the Open Inference Protocol, as Triton serves it over HTTP
 * (kserve/open-inference-protocol, triton-inference-server/server): pairs as two BYTES tensors, scores
 * as one FP32 tensor in their order. The names of the tensors are the model's own; ours are those of
 * NVIDIA's reranking models. The binary extension is not spoken.
 */
const names = { query: 'QUERY', passage: 'PASSAGE', score: 'SCORE' } as const

const tensorSchema = z.object({
  name: z.string(),
  shape: listOf((item) => (Number.isSafeInteger(item) ? (item as number) : undefined), {
    type: 'integer',
  }),
  datatype: z.string(),
  data: z.array(z.unknown()),
})
type Tensor = z.output<typeof tensorSchema>

const tensors = listOf((item) => tensorSchema.safeParse(item).data, {
  type: 'object',
  properties: {
    name: { type: 'string' },
    shape: { type: 'array', items: { type: 'integer' } },
    datatype: { type: 'string' },
    data: { type: 'array' },
  },
  required: ['name', 'shape', 'datatype', 'data'],
})

const parameters = z.object({
  raw_scores: z.boolean().nullish().describe('Logits instead of their sigmoid (rerankscope only)'),
  truncate: z
    .enum(['NONE', 'END', 'START'])
    .nullish()
    .describe('NONE: a pair that is too long fails; else the side that is cut'),
  ...ownKeys,
})

const requestSchema = z.object({
  id: z.string().max(1024).nullish(),
  parameters: parameters.nullish(),
  inputs: tensors,
  outputs: listOf((item) => outputSchema.safeParse(item).data?.name, {
    type: 'object',
    properties: { name: { type: 'string' } },
  }).nullish(),
})
const outputSchema = z.object({ name: z.string() })

const answerSchema = z.object({
  model_name: z.string().nullish(),
  model_version: z.string().nullish(),
  id: z.string().nullish(),
  outputs: z.array(
    z.looseObject({
      name: z.string(),
      datatype: z.string(),
      shape: z.array(z.number()),
      data: z.array(z.unknown()),
    }),
  ),
})

export const kserve: Dialect = {
  name: 'kserve',
  title: 'KServe v2',
  paths: ['/v2/models/:model/infer', '/v2/models/:model/versions/:version/infer'],
  keys: Object.keys(requestSchema.shape),
  capabilities: {
    topN: false,
    returnDocuments: 'never',
    scores: 'choice',
    truncate: true,
    truncationSide: true,
    usage: false,
    serverPhases: false,
  },
  credentials: bearer,
  schemas: { request: requestSchema, answer: answerSchema },

  decodeRequests(body) {
    const asked = decodeBody(requestSchema, body, (what) => `failed to parse the request: ${what}`)
    const queries = textsOf(asked.inputs, names.query)
    const passages = textsOf(asked.inputs, names.passage)
    if (queries.length === 0 || passages.length === 0) {
      throw new RerankFailure('empty', 'inputs must hold at least one pair')
    }
    if (queries.length !== 1 && queries.length !== passages.length) {
      throw new RerankFailure('validation', 'inputs must have one query, or one for each passage')
    }
    if (asked.outputs?.some((name) => name !== names.score)) {
      throw new RerankFailure('validation', `unexpected inference output, expecting ${names.score}`)
    }
    const { truncate, raw_scores, ...own } = asked.parameters ?? {}
    const terms = {
      ...(typeof asked.id === 'string' && { id: asked.id }),
      returnDocuments: false,
      rawScores: raw_scores ?? false,
      ...(typeof truncate === 'string' && { truncate: truncate !== 'NONE' }),
      truncationDirection: truncate === 'START' ? ('left' as const) : ('right' as const),
      ...ownTerms(own),
    }
    return byQuery(queries, passages).map((pairs) => ({ ...terms, ...pairs }))
  },
  encodeResults(requests, results, { model }) {
    const data = scoresInOrder(requests, results)
    const id = requests[0]?.id
    const { truncatedPairs } = totalUsage(results)
    return jsonMessage(200, {
      ...(id !== undefined && { id }),
      model_name: requests[0]?.model ?? model,
      model_version: '1',
      ...(truncatedPairs !== undefined && { parameters: { truncated_pairs: truncatedPairs } }),
      outputs: [{ name: names.score, datatype: 'FP32', shape: [data.length, 1], data }],
    })
  },
  encodeFailure: ({ kind, message }) => jsonMessage(statuses[kind], { error: message }),

  encodeRequest: (request) => encode([request]),
  decodeResult: (message) => ({ ranking: rankedScores(scoresOf(message)) }),
  decodePhases: () => ({}),

  batch: {
    encode,
    decode: (message, requests) => splitScores(scoresOf(message), requests),
  },

  info: {
    path: '/v2/models/:model',
    encode: (info) => JSON.stringify(metadataOf(info)),
    decode(body) {
      const { name, platform } = decodeAnswer(metadata, body, 'the metadata of a KServe model')
      return { model: name, server: platform.startsWith('rerankscope') ? 'rerankscope' : 'triton' }
    },
  },
  reads: [
    {
      path: '/v2',
      answer: ({ info }) =>
        jsonMessage(200, { name: 'rerankscope', version: info.version ?? '', extensions: [] }),
    },
    { path: '/v2/health/live', answer: () => status(true) },
    { path: '/v2/health/ready', answer: ({ ready }) => status(ready) },
    { path: '/v2/models/:model/ready', answer: ({ ready }) => status(ready) },
  ],
}

const metadata = z.object({ name: z.string(), platform: z.string(), inputs: z.array(z.unknown()) })

const metadataOf = ({ model, server }: ServerInfo) => ({
  name: model,
  versions: ['1'],
  platform: `${server ?? 'triton'}_reranker`,
  inputs: [names.query, names.passage].map((name) => ({ name, datatype: 'BYTES', shape: [-1, 1] })),
  outputs: [{ name: names.score, datatype: 'FP32', shape: [-1, 1] }],
})

/** Triton says ready by the status alone, and 400 when it is not. */
const status = (holds: boolean): WireMessage => ({
  status: holds ? 200 : 400,
  headers: {},
  body: '',
})

function encode(requests: readonly RerankRequest[]): string {
  const terms = sameTerms(requests)
  const { queries, documents } = pairsOf(requests)
  const tensor = (name: string, data: readonly string[]) => ({
    name,
    shape: [data.length, 1],
    datatype: 'BYTES',
    data,
  })
  const side = terms.truncationDirection === 'left' ? 'START' : 'END'
  return JSON.stringify({
    id: terms.id,
    parameters: withoutUndefined({
      raw_scores: terms.rawScores || undefined,
      truncate: terms.truncate === false ? 'NONE' : side,
      ...ownBody(terms),
    }),
    inputs: [tensor(names.query, queries), tensor(names.passage, documents)],
  })
}

/** The texts of a tensor of n, [n] or [n, 1], its data flat or nested as the protocol allows. */
function textsOf(inputs: readonly Tensor[], name: string): readonly string[] {
  const found = inputs.filter((tensor) => tensor.name === name)
  const [tensor] = found
  if (tensor === undefined || found.length > 1) {
    throw new RerankFailure('validation', `expected one input named ${name}`)
  }
  if (tensor.datatype !== 'BYTES') {
    throw new RerankFailure('validation', `input ${name} must be of datatype BYTES`)
  }
  const data = tensor.data.flat()
  if (
    tensor.shape.length > 2 ||
    tensor.shape.reduce((size, one) => size * one, 1) !== data.length
  ) {
    throw new RerankFailure(
      'validation',
      `input ${name} must have the shape [n] or [n, 1] of its data`,
    )
  }
  if (!data.every((text) => typeof text === 'string')) {
    throw new RerankFailure('malformed', `input ${name} must hold texts`)
  }
  return data
}

function scoresOf({ body }: WireMessage): readonly number[] {
  const { outputs } = decodeAnswer(answerSchema, body, 'a list of output tensors')
  const scores = outputs[0]?.data.flat()
  if (scores === undefined || !scores.every((score) => typeof score === 'number')) {
    throw new Error('the answer has no tensor of scores')
  }
  return scores
}

/** Triton says 503 for what it cannot take now, 404 for what is not there, and else 400. */
const statuses: FailureStatuses = {
  ...usualStatuses,
  malformed: 400,
  unsupported_media_type: 400,
  tokenizer: 400,
  overloaded: 503,
  deadline_exceeded: 503,
}
