import { z } from 'zod'
import { RerankFailure } from '../../rerank.ts'
import {
  byQuery,
  decodeAnswer,
  decodeBody,
  jsonMessage,
  pairsOf,
  rankedScores,
  sameTerms,
  scoresInOrder,
  splitScores,
  tokenUsage,
  totalUsage,
  usageOf,
} from '../../wire.ts'
import { bearer, type Dialect, type WireMessage } from '../dialect.ts'
import {
  answerId,
  capabilities,
  common,
  encodeFailure,
  inputs,
  nothingToScore,
  sentence,
  termsBody,
  termsOf,
  usageBody,
} from './terms.ts'

/** `/score`: one query for all documents, or one for each. Answers in input order. */
const optionalInputs = inputs.optional()
const scoreRequest = z.object({
  queries: optionalInputs,
  documents: optionalInputs,
  items: optionalInputs,
  text_1: optionalInputs,
  text_2: optionalInputs,
  data_1: optionalInputs,
  data_2: optionalInputs,
  ...common,
})
const scoreAnswer = z.object({
  id: z.string().nullish(),
  model: z.string().nullish(),
  data: z.array(z.object({ index: z.int().min(0), score: z.number() })),
  usage: tokenUsage,
})

export const vllmScore: Dialect = {
  name: 'vllm-score',
  title: 'vLLM /score',
  paths: ['/score', '/v1/score'],
  keys: Object.keys(scoreRequest.shape),
  capabilities: { ...capabilities, topN: false, returnDocuments: 'never' },
  credentials: bearer,
  schemas: { request: scoreRequest, answer: scoreAnswer },

  decodeRequests(body) {
    const asked = decodeBody(scoreRequest, body, sentence)
    const queries = asked.queries ?? asked.text_1 ?? asked.data_1
    const documents = asked.documents ?? asked.items ?? asked.text_2 ?? asked.data_2
    if (queries === undefined || documents === undefined) {
      throw new RerankFailure('malformed', sentence('queries and documents: both are needed'))
    }
    if (queries.length === 0 || documents.length === 0) throw nothingToScore()
    if (queries.length !== 1 && queries.length !== documents.length) {
      throw new RerankFailure('validation', 'Input lengths must be either 1:1, 1:N or N:N')
    }
    const terms = { ...termsOf(asked), returnDocuments: false }
    return byQuery(queries, documents).map((pairs) => ({ ...terms, ...pairs }))
  },
  encodeResults(requests, results, { id, wallSeconds, model }) {
    return jsonMessage(200, {
      id: answerId(requests[0], id),
      object: 'list',
      created: Math.floor(wallSeconds),
      model,
      data: scoresInOrder(requests, results).map((score, index) => ({
        index,
        object: 'score',
        score,
      })),
      usage: usageBody(totalUsage(results).tokens),
    })
  },
  encodeFailure,

  encodeRequest: (request) =>
    JSON.stringify({
      queries: request.query,
      documents: request.documents,
      ...termsBody(request),
    }),
  decodeResult(message) {
    const { scores, usage } = scoresOf(message)
    return { ranking: rankedScores(scores), ...usage }
  },
  decodePhases: () => ({}),

  batch: {
    encode: (requests) =>
      JSON.stringify({
        ...pairsOf(requests),
        ...termsBody(sameTerms(requests)),
      }),
    decode(message, requests) {
      return splitScores(scoresOf(message).scores, requests)
    },
  },
}

function scoresOf({ body }: WireMessage) {
  const { data, usage } = decodeAnswer(scoreAnswer, body, 'a list of scores')
  const scores = Array<number>(data.length).fill(Number.NaN)
  for (const { index, score } of data) {
    if (index >= data.length) throw new Error('the answer has the score of a pair nobody asked for')
    scores[index] = score
  }
  return { scores, usage: usageOf(usage) }
}
