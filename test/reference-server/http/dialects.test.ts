import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dialects, pathOf, type Dialect } from '../../../core/dialects/index.ts'
import { RerankFailure, sigmoid, type RerankRequest } from '../../../core/rerank.ts'
import { ask, chineseText, testServer, type Answer } from '../support.ts'

let server: Awaited<ReturnType<typeof testServer>>
beforeAll(async () => {
  server = await testServer({
    maximumDocuments: 40,
    servedNames: ['embedded', 'default'],
  })
})
afterAll(() => server.close())

const post = (dialect: Dialect, body: string, model = 'embedded'): Promise<Answer> =>
  ask(server.url + pathOf(dialect, model), {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-rerank-dialect': dialect.name },
    body,
  })

const messageOf = ({ status, headers, text }: Answer) => ({
  status,
  headers: Object.fromEntries(headers),
  body: text,
})

/** Of some length each, one too long, two alike, one empty, one of other scripts. */
const request: RerankRequest = {
  query: '什么是机器学习',
  documents: [
    '今天天气很好',
    '机器学习是人工智能的一个分支',
    chineseText(400, 3) + '机器学习',
    '学习做饭',
    '学习做饭',
    '',
    'Machine learning 🤖 — הלמידה',
  ],
  returnDocuments: false,
  rawScores: false,
  truncationDirection: 'right',
}

/** Scores between 0 and 1 by document, whatever the dialect calls a score. */
async function scoresThrough(dialect: Dialect, asked = request): Promise<readonly number[]> {
  const answer = await post(dialect, dialect.encodeRequest(asked))
  expect([dialect.name, answer.status, answer.text]).toEqual([dialect.name, 200, answer.text])
  const scores = Array<number>(asked.documents.length).fill(Number.NaN)
  for (const { index, score } of dialect.decodeResult(messageOf(answer)).ranking) {
    scores[index] = dialect.capabilities.scores === 'logits' ? sigmoid(score) : score
  }
  return scores
}

const [reference] = dialects as readonly [Dialect]

describe.each(dialects.map((dialect) => ({ name: dialect.name, dialect })))(
  'through $name',
  ({ dialect }) => {
    test('the scores are those of every other dialect, to 1e-6', async () => {
      const expected = await scoresThrough(reference)
      const scores = await scoresThrough(dialect)
      expect(expected.every(Number.isFinite)).toBe(true)
      for (const [at, score] of scores.entries()) {
        expect(Math.abs(score - (expected[at] ?? Number.NaN))).toBeLessThan(1e-6)
      }
    })

    test('a length of the caller’s own changes the scores as everywhere', async () => {
      const long = {
        ...request,
        documents: [chineseText(60, 5) + '机器学习', ...request.documents],
      }
      const asked = { ...long, maximumTokens: 32 }
      const expected = await scoresThrough(reference, asked)
      expect(expected[0]).not.toBe((await scoresThrough(reference, long))[0])
      const scores = await scoresThrough(dialect, asked)
      for (const [at, score] of scores.entries()) {
        expect(Math.abs(score - (expected[at] ?? Number.NaN))).toBeLessThan(1e-6)
      }
    })

    test('too many documents and an unknown model are refused in its words', async () => {
      const many = { ...request, documents: Array<string>(41).fill('t') }
      const answer = await post(dialect, dialect.encodeRequest(many))
      const expected = dialect.encodeFailure(
        new RerankFailure('too_many_documents', 'batch size 41 > maximum allowed batch size 40'),
        (JSON.parse(answer.text) as { id?: string }).id ?? '',
      )
      expect([answer.status, answer.text]).toEqual([expected.status, expected.body])
      if (!dialect.keys.includes('model') && !dialect.paths[0].includes(':model')) return
      const unknown = await post(
        dialect,
        dialect.encodeRequest({ ...request, model: 'patient 4711' }),
        'patient 4711',
      )
      expect(unknown.status).toBe(404)
      expect(unknown.text).not.toContain('4711')
    })

    test('what is no JSON, and what is no request, is refused in its words', async () => {
      for (const [kind, body] of [
        ['invalid_json', '{"query": '],
        ['malformed', '[]'],
        ['malformed', '{}'],
      ] as const) {
        const answer = await post(dialect, body)
        const { status, headers } = dialect.encodeFailure(new RerankFailure(kind, ''), '')
        const [type] = answer.headers.get('content-type')!.split(';')
        expect([answer.status, type]).toEqual([status, headers['content-type']!.split(';')[0]])
      }
    })
  },
)

test('the best of them, and their texts, where the caller asks', async () => {
  const asked = { ...request, topN: 2, returnDocuments: true }
  const answers = dialects
    .filter(({ capabilities }) => capabilities.topN && capabilities.returnDocuments !== 'never')
    .map(async (dialect) => {
      const answer = await post(dialect, dialect.encodeRequest(asked))
      return dialect.decodeResult(messageOf(answer)).ranking.map(({ index, text }) => [index, text])
    })
  const all = await Promise.all(answers)
  expect(all.length).toBeGreaterThanOrEqual(3)
  for (const ranking of all) {
    expect(ranking).toEqual([
      [1, '机器学习是人工智能的一个分支'],
      [4, '学习做饭'],
    ])
  }
})

test('several queries in one body are scored each with its own documents', async () => {
  const requests = [
    request,
    { ...request, query: '天气', documents: ['今天天气很好', '学习'] },
    { ...request, query: '学习', documents: ['学习做饭'] },
  ]
  const alone = await Promise.all(requests.map((one) => scoresThrough(reference, one)))
  const able = dialects.filter(({ batch }) => batch !== undefined)
  expect(able.map(({ name }) => name)).toEqual(['vllm-score', 'kserve'])
  for (const dialect of able) {
    const answer = await post(dialect, dialect.batch!.encode(requests))
    const results = dialect.batch!.decode(messageOf(answer), requests)
    for (const [at, { ranking }] of results.entries()) {
      expect(ranking).toHaveLength(requests[at]!.documents.length)
      for (const { index, score } of ranking) {
        expect(Math.abs(score - alone[at]![index]!)).toBeLessThan(1e-6)
      }
    }
  }
})

test('an object of Cohere’s comes back whole, and its fields are ranked by', async () => {
  const cohere = dialects.find(({ name }) => name === 'cohere-v1')!
  const body = {
    query: '什么是机器学习',
    documents: [{ title: '机器学习', body: '今天天气很好', id: '7' }, '今天天气很好'],
    rank_fields: ['title', 'body'],
    return_documents: true,
  }
  const { status, text } = await post(cohere, JSON.stringify(body))
  const { results } = JSON.parse(text) as { results: { index: number; document: unknown }[] }
  expect([status, results.map(({ index }) => index)]).toEqual([200, [0, 1]])
  expect(results[0]!.document).toEqual(body.documents[0])
  expect(results[1]!.document).toEqual({ text: '今天天气很好' })
})

test.each(['cohere-v2', 'vllm', 'vllm-score'])('%s cuts a document alone', async (name) => {
  const dialect = dialects.find((one) => one.name === name)!
  const filler = chineseText(50, 6)
  const asked = { ...request, documents: [`${filler}机器学习`], maximumDocumentTokens: 50 }
  const [cut] = await scoresThrough(dialect, asked)
  const [whole] = await scoresThrough(dialect, { ...request, documents: asked.documents })
  expect(cut).toBeLessThan(whole!)
  const [alone] = await scoresThrough(dialect, { ...request, documents: [filler] })
  expect(Math.abs(cut! - alone!)).toBeLessThan(1e-6)
})

test('what was cut is told where the format has a place for it', async () => {
  const cohere = dialects.find(({ name }) => name === 'cohere-v2')!
  const { text } = await post(cohere, cohere.encodeRequest(request))
  expect(JSON.parse(text)).toMatchObject({
    meta: {
      api_version: { version: '2' },
      billed_units: { search_units: 1 },
      warnings: ['1 documents were truncated to fit the model'],
    },
  })
  const kserve = dialects.find(({ name }) => name === 'kserve')!
  const answer = await post(kserve, kserve.encodeRequest(request))
  expect(JSON.parse(answer.text)).toMatchObject({ parameters: { truncated_pairs: 1 } })
})

describe('what clients ask beside rerank', () => {
  test.each([
    ['/', 200, ''],
    ['/ping', 200, ''],
    [
      '/v1/health/live',
      200,
      '{"object":"health.response","message":"Service is live.","status":"live"}',
    ],
    [
      '/v1/health/ready',
      200,
      '{"object":"health.response","message":"Service is ready.","status":"ready"}',
    ],
    ['/v2', 200, '{"name":"rerankscope","version":"0.0.0-test","extensions":[]}'],
    ['/v2/health/live', 200, ''],
    ['/v2/health/ready', 200, ''],
    ['/v2/models/embedded/ready', 200, ''],
    ['/health/live', 200, ''],
    ['/health/ready', 200, ''],
  ])('GET %s: %i %s', async (path, status, text) => {
    const answer = await ask(server.url + path)
    expect([answer.status, answer.text]).toEqual([status, text])
    const other = await ask(server.url + path, { method: 'DELETE' })
    expect([other.status, other.headers.get('allow')]).toEqual([
      405,
      path === '/' ? 'GET, HEAD, POST' : 'GET, HEAD',
    ])
  })

  test.each(['/v2/models/other', '/v2/models/other/ready'])(
    'GET %s: a model that is not served is neither described nor ready',
    async (path) => {
      const { status, text } = await ask(server.url + path)
      expect([status, JSON.parse(text)]).toEqual([
        404,
        expect.objectContaining({ error: 'The model does not exist.' }),
      ])
    },
  )

  test('models and metadata, which the dialects read back', async () => {
    for (const { name, info } of dialects) {
      if (info === undefined || name === 'nim') continue
      const { status, text } = await ask(server.url + info.path.replace(':model', 'embedded'))
      expect([name, status]).toEqual([name, 200])
      expect(info.decode(text)).toMatchObject({ model: 'embedded', server: 'rerankscope' })
    }
    expect(JSON.parse((await ask(`${server.url}/v2/models/embedded`)).text)).toEqual({
      name: 'embedded',
      versions: ['1'],
      platform: 'rerankscope_reranker',
      inputs: [
        { name: 'QUERY', datatype: 'BYTES', shape: [-1, 1] },
        { name: 'PASSAGE', datatype: 'BYTES', shape: [-1, 1] },
      ],
      outputs: [{ name: 'SCORE', datatype: 'FP32', shape: [-1, 1] }],
    })
  })
})
