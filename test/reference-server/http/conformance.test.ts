import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { ask, chineseText, metricValue, rerank, testServer } from '../support.ts'

let server: Awaited<ReturnType<typeof testServer>>
beforeAll(async () => {
  server = await testServer({ maximumDocuments: 40, maximumPairs: 64, maximumBodyBytes: 200_000 })
})
afterAll(() => server.close())

const texts = ['今天天气很好', '机器学习是人工智能的一个分支', '学习做饭']

describe('an answer', () => {
  test('is the list of TEI: best first, scores between 0 and 1', async () => {
    const { status, headers, text } = await rerank(server, { query: '什么是机器学习', texts })
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    const ranking = JSON.parse(text) as { index: number; score: number }[]
    expect(ranking.map(({ index }) => index)).toEqual([1, 2, 0])
    expect(Object.keys(ranking[0]!)).toEqual(['index', 'score'])
    expect(ranking[0]!.score).toBeGreaterThan(0.9)
    expect(ranking[2]!.score).toBeLessThan(0.1)
  })

  test('says in whole milliseconds how long each stage took, and what was computed', async () => {
    const { headers } = await rerank(server, { query: '学习', texts })
    expect(headers.get('x-compute-type')).toBe('gpu+optimized')
    for (const name of ['compute', 'total', 'tokenization', 'queue', 'inference']) {
      expect(headers.get(`x-${name}-time`)).toMatch(/^\d+$/)
    }
    const characters = texts.join('').length + 3 * '学习'.length
    expect(headers.get('x-compute-characters')).toBe(String(characters))
    expect(headers.get('x-compute-tokens')).toBe(String(characters + 3 * 3))
  })

  test('gives texts and logits when asked, equal scores in falling order of index', async () => {
    const body = { query: '学习', texts: ['石头', '木头'], raw_scores: true, return_text: true }
    const ranking = JSON.parse((await rerank(server, body)).text) as {
      index: number
      text: string
      score: number
    }[]
    expect(ranking.map(({ index, text }) => [index, text])).toEqual([
      [1, '木头'],
      [0, '石头'],
    ])
    expect(ranking[0]!.score).toBeLessThan(-3)
  })

  test('cuts what is too long, on the side asked for, and counts it', async () => {
    const before = await metricValue(server, 'reranker_truncated_pairs_total')
    const filler = chineseText(400, 1)
    const scores = async (direction: string) => {
      const body = { query: '珊瑚', texts: [`${filler}珊瑚`], truncation_direction: direction }
      return JSON.parse((await rerank(server, body)).text) as { score: number }[]
    }
    expect((await scores('Right'))[0]!.score).toBeLessThan(0.5)
    expect((await scores('Left'))[0]!.score).toBeGreaterThan(0.5)
    expect(await metricValue(server, 'reranker_truncated_pairs_total')).toBe(before + 2)
  })
})

describe('a refusal', () => {
  const post = (body: string, type = 'application/json') =>
    ask(`${server.url}/rerank`, { method: 'POST', headers: { 'content-type': type }, body })
  const json = (error: string, error_type: string) => JSON.stringify({ error, error_type })

  test.each([
    ['no texts', { query: 'q', texts: [] }, 400, json('`texts` cannot be empty', 'Empty')],
    ['both empty', { query: '', texts: [''] }, 400, json('`inputs` cannot be empty', 'Empty')],
    [
      'too many texts',
      { query: 'q', texts: Array(41).fill('t') },
      422,
      json('batch size 41 > maximum allowed batch size 40', 'Validation'),
    ],
    [
      'too long, not to be cut',
      { query: 'q', texts: [chineseText(400, 2)], truncate: false },
      422,
      json(
        'Input validation error: `inputs` must have less than 128 tokens. Given: more than that',
        'Validation',
      ),
    ],
  ])('%s', async (_name, body, status, text) => {
    const answer = await rerank(server, body)
    expect([answer.status, answer.text]).toEqual([status, text])
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/)
  })

  test.each([
    ['a body that is no JSON', '{"query": ', 400, /JSON/],
    ['a missing field', '{"query": "q"}', 422, /^Failed to deserialize the JSON body.*texts/],
    ['a field of another type', '{"query": 1, "texts": ["a"]}', 422, /query/],
    ['a list', '[]', 422, /JSON object/],
    ['a body over the limit', JSON.stringify({ query: 'x'.repeat(200_001) }), 413, /larger/],
  ])('%s is plain text', async (_name, body, status, text) => {
    const answer = await post(body)
    expect(answer.status).toBe(status)
    expect(answer.text).toMatch(text)
    expect(answer.text.split('\n')).toHaveLength(1)
    expect(answer.headers.get('content-type')).toMatch(/^text\/plain/)
  })

  test('another content type is 415, another method 405, another path 404', async () => {
    expect((await post('query=q', 'application/x-www-form-urlencoded')).status).toBe(415)
    const get = await ask(`${server.url}/rerank`)
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    for (const method of ['OPTIONS', 'PUT']) {
      const body = method === 'PUT' ? { body: 'no JSON' } : {}
      expect((await ask(`${server.url}/rerank`, { method, ...body })).status).toBe(405)
    }
    expect((await ask(`${server.url}/v1/nothing`)).status).toBe(404)
  })

  test.each([
    ['/metrics', 405, 'This path answers GET, not POST.', 'GET, HEAD'],
    ['/v1/nothing', 404, 'There is nothing at this path.', null],
    ['/%zz', 404, 'There is nothing at this path.', null],
  ])('what is wrong with %s is said whatever the body is', async (path, status, text, allow) => {
    const headers = { 'content-type': 'application/json' }
    for (const body of ['{', 'x'.repeat(200_001)]) {
      const answer = await ask(server.url + path, { method: 'POST', headers, body })
      expect([answer.status, answer.text]).toEqual([status, text])
      expect(answer.headers.get('content-type')).toBe('text/plain; charset=utf-8')
      expect(answer.headers.get('allow')).toBe(allow)
    }
  })

  test('more pairs than the server holds at once: whole and at once, then it goes on', async () => {
    const body = { query: 'q', texts: Array.from({ length: 40 }, (_, at) => chineseText(900, at)) }
    const answers = await Promise.all([rerank(server, body), rerank(server, body)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 429])
    const refused = answers.find(({ status }) => status === 429)
    expect(refused?.text).toBe(json('Model is overloaded', 'Overloaded'))
    expect((await rerank(server, body)).status).toBe(200)
  })

  test('is counted by its class, without any text of the request', async () => {
    const { text } = await ask(`${server.url}/metrics`)
    expect(text).toContain('reranker_errors_total{class="empty"} 2')
    expect(text).toContain('reranker_errors_total{class="overloaded"} 1')
    expect(text).toContain('reranker_errors_total{class="too_large"} 1')
    expect(text).not.toContain('机器')
  })

  test('a caller who hangs up before his body is whole is no failure of the backend', async () => {
    const value = (kind: string) => metricValue(server, `reranker_errors_total{class="${kind}"}`)
    const before = await value('abandoned')
    const call = request(`${server.url}/rerank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'content-length': 500 },
    })
    call.on('error', () => undefined)
    call.write('{"query": ')
    await systemClock.sleep(0.05)
    call.destroy()
    await expect.poll(() => value('abandoned')).toBe(before + 1)
    expect(await value('backend')).toBe(0)
    expect(server.lines).toEqual([])
  })

  test('a caller who hangs up is counted and his pairs make room', async () => {
    const body = JSON.stringify({
      query: 'q',
      texts: Array.from({ length: 40 }, (_, at) => chineseText(900, 100 + at)),
    })
    const before = await metricValue(server, 'reranker_errors_total{class="abandoned"}')
    const call = request(`${server.url}/rerank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
    })
    call.on('error', () => undefined)
    call.end(body)
    await expect
      .poll(() => metricValue(server, 'reranker_in_flight_requests'), { interval: 1 })
      .toBe(1)
    call.destroy()
    await expect.poll(() => metricValue(server, 'reranker_in_flight_requests')).toBe(0)
    expect(await metricValue(server, 'reranker_errors_total{class="abandoned"}')).toBe(before + 1)
    expect((await rerank(server, { query: 'q', texts })).status).toBe(200)
  })
})

test('what can never be accepted is too many, not overloaded', async () => {
  const small = await testServer({ maximumDocuments: 40, maximumPairs: 3 })
  try {
    const { status, text } = await rerank(small, { query: 'q', texts: Array(4).fill('t') })
    expect([status, JSON.parse(text)]).toEqual([
      422,
      { error: 'batch size 4 > maximum allowed batch size 3', error_type: 'Validation' },
    ])
    expect(small.info.maximumDocuments).toBe(3)
  } finally {
    await small.close()
  }
})

describe('beside rerank', () => {
  test('/info tells the limits in force', async () => {
    const { status, text } = await ask(`${server.url}/info`)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      model_id: 'embedded',
      model_dtype: 'float32',
      max_input_length: 128,
      max_client_batch_size: 40,
      max_concurrent_requests: 64,
      max_batch_tokens: 4096,
      rerankscope: { device: 'cpu' },
    })
  })

  test('/health is 200 and empty', async () => {
    const { status, text } = await ask(`${server.url}/health`)
    expect([status, text]).toEqual([200, ''])
  })
})
