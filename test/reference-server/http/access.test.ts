import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CohereClient, CohereClientV2, CohereError } from 'cohere-ai'
import { dialects, pathOf } from '../../../core/dialects/index.ts'
import { RerankFailure } from '../../../core/rerank.ts'
import { keyCheck } from '../../../reference-server/http/keys.ts'
import { termsOf } from '../../../reference-server/http/terms.ts'
import { ask, testServer } from '../support.ts'

const apiKeys = ['first-key', 'second-key']
let server: Awaited<ReturnType<typeof testServer>>
beforeAll(async () => {
  server = await testServer({ apiKeys })
})
afterAll(() => server.close())

const query = '什么是机器学习'
const documents = ['今天天气很好', '机器学习是人工智能的一个分支', '学习做饭']

describe('the client of Cohere', () => {
  const environment = () => ({ environment: server.url, token: 'second-key', maxRetries: 0 })

  test('v1 gets its ranking, with texts', async () => {
    const client = new CohereClient(environment())
    const { id, results, meta } = await client.rerank({
      query,
      documents: [...documents.slice(0, 2), { text: documents[2]! }],
      topN: 2,
      returnDocuments: true,
    })
    expect(results.map(({ index, document }) => [index, document?.text])).toEqual([
      [1, documents[1]],
      [2, documents[2]],
    ])
    expect(results[0]!.relevanceScore).toBeGreaterThan(0.9)
    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    expect([meta?.apiVersion?.version, meta?.billedUnits?.searchUnits]).toEqual(['1', 1])
  })

  test('v2 gets its ranking', async () => {
    const client = new CohereClientV2(environment())
    const { results, meta } = await client.rerank({ model: 'rerank-v3.5', query, documents })
    expect(results.map(({ index }) => index)).toEqual([1, 2, 0])
    expect(meta?.apiVersion?.version).toBe('2')
    expect(meta?.tokens?.inputTokens).toBeGreaterThan(30)
  })

  test('its errors are those that it knows', async () => {
    const client = new CohereClientV2(environment())
    const refused = await client
      .rerank({ model: 'm', query, documents: [] })
      .catch((error: unknown) => error as CohereError)
    expect(refused).toBeInstanceOf(CohereError)
    expect(refused).toMatchObject({
      statusCode: 400,
      body: { message: 'invalid request: list of documents must not be empty' },
    })
    const stranger = new CohereClientV2({ ...environment(), token: 'other' })
    await expect(stranger.rerank({ model: 'm', query, documents })).rejects.toMatchObject({
      statusCode: 401,
    })
  })
})

describe('keys', () => {
  test.each(dialects.map((dialect) => ({ name: dialect.name, dialect })))(
    '$name refuses whoever brings none, before the body, in its words',
    async ({ dialect }) => {
      const url = server.url + pathOf(dialect, 'embedded')
      const headers = { 'content-type': 'application/json', 'x-rerank-dialect': dialect.name }
      for (const wrong of [
        {},
        dialect.credentials.encode('first-ke'),
        { authorization: 'first-key' },
      ]) {
        const answer = await ask(url, {
          method: 'POST',
          headers: { ...headers, ...wrong },
          body: 'no JSON',
        })
        const { status, body } = dialect.encodeFailure(
          new RerankFailure('unauthorized', 'A valid API key is needed'),
          (/"id":"([^"]+)"/.exec(answer.text) ?? [])[1] ?? '',
        )
        expect([answer.status, answer.text]).toEqual([status, body])
        expect(answer.headers.get('www-authenticate')).toBe('Bearer')
      }
      const request = dialect.encodeRequest({
        ...{ query, documents, returnDocuments: false, truncationDirection: 'right' },
        rawScores: dialect.capabilities.scores === 'logits',
      })
      for (const key of apiKeys) {
        const answer = await ask(url, {
          method: 'POST',
          headers: { ...headers, ...dialect.credentials.encode(key) },
          body: request,
        })
        expect(answer.status).toBe(200)
      }
    },
  )

  test('health and metrics are public, and no key is anywhere', async () => {
    for (const path of ['/health', '/health/live', '/metrics', '/info', '/v1/models']) {
      const { status, text } = await ask(server.url + path)
      expect([path, status]).toEqual([path, 200])
      for (const key of apiKeys) expect(text).not.toContain(key)
    }
    expect(server.lines).toEqual([])
  })

  test('a server without keys asks for none', () => {
    expect(() => {
      keyCheck([])(undefined)
    }).not.toThrow()
  })
})

describe('what the headers say', () => {
  const { signal } = new AbortController()
  test.each([
    [{}, {}],
    [{ 'x-request-timeout': '2.5' }, { deadlineSeconds: 2.5 }],
    [{ 'request-timeout': '3s' }, { deadlineSeconds: 3 }],
    [{ 'x-request-timeout': '1', 'grpc-timeout': '9S' }, { deadlineSeconds: 1 }],
    [{ 'grpc-timeout': '250m' }, { deadlineSeconds: 0.25 }],
    [{ 'x-envoy-expected-rq-timeout-ms': '1500' }, { deadlineSeconds: 1.5 }],
    [{ 'x-request-timeout': '999999999' }, { deadlineSeconds: 86_400 }],
    [{ 'cache-control': 'max-age=0, No-Store' }, { bypassCaches: true }],
    [{ 'cache-control': 'no-cache' }, {}],
    [
      { traceparent: '00-ab-cd-01', tracestate: 'a=b' },
      { traceparent: '00-ab-cd-01', tracestate: 'a=b' },
    ],
  ])('%j', (headers, terms) => {
    expect(termsOf(headers, signal, 0)).toEqual({ signal, ...terms })
  })

  test('a timeout counts from the first byte, however long the rest of the request takes', () => {
    const { deadlineSeconds } = termsOf({ 'x-request-timeout': '2' }, signal, 1.5)
    expect(deadlineSeconds).toBe(0.5)
  })

  test.each(['0', '-1', 'soon', '', '1e3', '1h'])('a timeout of %j is refused', (text) => {
    expect(() => termsOf({ 'x-request-timeout': text }, signal, 0)).toThrow(/seconds above 0/)
  })

  test('a deadline that cannot be kept is told, and the server goes on', async () => {
    const call = (timeout: string) =>
      ask(`${server.url}/rerank`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: 'Bearer first-key',
          'x-request-timeout': timeout,
        },
        body: JSON.stringify({ query, texts: Array<string>(1000).fill(documents[1]!) }),
      })
    const late = await call('0.000001')
    expect([late.status, JSON.parse(late.text)]).toMatchObject([504, { error_type: 'Overloaded' }])
    expect((await call('60')).status).toBe(200)
  })
})
