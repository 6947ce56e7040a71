import { describe, expect, test } from 'vitest'
import { tei } from '../../../core/dialects/tei.ts'
import { rank, RerankFailure, type RerankRequest } from '../../../core/rerank.ts'

const request: RerankRequest = {
  query: 'q',
  documents: ['a', 'b', 'c'],
  returnDocuments: false,
  rawScores: false,
  truncationDirection: 'right',
}

const facts = { phases: {}, id: '', wallSeconds: 0, model: 'embedded' }

describe('what Text Embeddings Inference sends', () => {
  test('a bare array, best first; equal scores in falling order of index', () => {
    const { body } = tei.encodeResults(
      [request],
      [{ ranking: rank([0.5, 0.25, 0.5], request) }],
      facts,
    )
    expect(body).toBe('[{"index":2,"score":0.5},{"index":0,"score":0.5},{"index":1,"score":0.25}]')
  })

  test('the text stands between index and score, and only when asked for', () => {
    const asked = { ...request, returnDocuments: true }
    const { body } = tei.encodeResults(
      [asked],
      [{ ranking: rank([0.5, 0.25, 0.75], asked) }],
      facts,
    )
    expect(body).toBe(
      '[{"index":2,"text":"c","score":0.75},{"index":0,"text":"a","score":0.5},{"index":1,"text":"b","score":0.25}]',
    )
  })

  test('stage times as whole milliseconds in headers, and back', () => {
    const phases = {
      totalSeconds: 0.0364,
      tokeniseSeconds: 0.002,
      queueSeconds: 0.0096,
      inferSeconds: 0.0251,
    }
    const message = tei.encodeResults(
      [request],
      [{ ranking: [], usage: { tokens: 12, characters: 6, truncatedPairs: 0 } }],
      { ...facts, phases },
    )
    expect(message.headers).toMatchObject({
      'x-compute-type': 'gpu+optimized',
      'x-total-time': '36',
      'x-tokenization-time': '2',
      'x-queue-time': '10',
      'x-inference-time': '25',
      'x-compute-tokens': '12',
      'x-compute-characters': '6',
    })
    expect(tei.decodePhases(message)).toEqual({
      totalSeconds: 0.036,
      tokeniseSeconds: 0.002,
      queueSeconds: 0.01,
      inferSeconds: 0.025,
    })
  })

  test('phases that a server does not state are absent, and rubbish is not a time', () => {
    const headers = { 'x-total-time': 'fast', 'x-queue-time': '-4', 'x-inference-time': '' }
    expect(tei.decodePhases({ status: 200, headers, body: '[]' })).toEqual({})
  })

  test.each([
    ['empty', 400, '{"error":"why","error_type":"Empty"}'],
    ['too_many_documents', 422, '{"error":"why","error_type":"Validation"}'],
    ['tokenizer', 422, '{"error":"why","error_type":"Tokenizer"}'],
    ['overloaded', 429, '{"error":"why","error_type":"Overloaded"}'],
    ['backend', 424, '{"error":"why","error_type":"Backend"}'],
    ['unhealthy', 503, '{"error":"why","error_type":"Unhealthy"}'],
    ['invalid_json', 400, 'why'],
    ['malformed', 422, 'why'],
    ['unsupported_media_type', 415, 'why'],
    ['too_large', 413, 'why'],
  ] as const)('a failure of kind %s is %i %s', (kind, status, body) => {
    expect(tei.encodeFailure(new RerankFailure(kind, 'why'), facts.id)).toMatchObject({
      status,
      body,
    })
  })

  test.each([
    [{ query: 'q' }, 'malformed', /texts/],
    [{ texts: ['a'] }, 'malformed', /query/],
    [{ query: 'q', texts: 'a' }, 'malformed', /texts/],
    [{ query: 'q', texts: [1] }, 'malformed', /texts\.0/],
    [[], 'malformed', /JSON object/],
    [{ query: 'q', texts: [] }, 'empty', /`texts` cannot be empty/],
    [{ query: '', texts: [''] }, 'empty', /`inputs` cannot be empty/],
  ])('%j is refused as %s', (body, kind, message) => {
    let refusal: unknown
    try {
      tei.decodeRequests(body)
    } catch (error) {
      refusal = error
    }
    expect(refusal).toBeInstanceOf(RerankFailure)
    expect(refusal).toMatchObject({ kind, message: expect.stringMatching(message) as unknown })
  })

  test('a list full of what is no text is one complaint, about the first of them', () => {
    let refusal: unknown
    try {
      tei.decodeRequests({ query: 'q', texts: ['a', ...Array<number>(1000).fill(1)] })
    } catch (error) {
      refusal = error
    }
    expect(refusal).toMatchObject({
      kind: 'malformed',
      message: 'Failed to deserialize the JSON body into the target type: texts.1: expected a text',
      cause: { issues: [{ path: ['texts', 1] }] },
    })
  })

  test('a query with an empty document is accepted, unknown keys are ignored', () => {
    expect(tei.decodeRequests({ query: 'q', texts: [''], wat: 1, truncate: null })).toEqual([
      {
        query: 'q',
        documents: [''],
        returnDocuments: false,
        rawScores: false,
        truncationDirection: 'right',
      },
    ])
  })

  test('/info of our own server says so; that of TEI does not', () => {
    const ours = tei.info?.encode({
      model: 'embedded',
      server: 'rerankscope',
      device: 'cpu',
      maximumDocuments: 1000,
    })
    expect(tei.info?.decode(ours ?? '')).toEqual({
      model: 'embedded',
      server: 'rerankscope',
      device: 'cpu',
      maximumDocuments: 1000,
    })
    expect(
      tei.info?.decode('{"model_id":"BAAI/bge-reranker-v2-m3","max_client_batch_size":32}'),
    ).toEqual({ model: 'BAAI/bge-reranker-v2-m3', server: 'tei', maximumDocuments: 32 })
    expect(() => tei.info?.decode('{"data":[]}')).toThrow('Text Embeddings Inference')
  })
})
