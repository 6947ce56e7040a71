import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { dialects } from '../../../core/dialects/index.ts'
import { UserError } from '../../../core/errors.ts'
import { countOf } from '../../../core/histogram.ts'
import { decodeTraceHeader, decodeTraceRequest } from '../../../core/trace.ts'
import type { Exchange } from '../../../sidecar/proxy/exchange.ts'
import { ProxyFigures } from '../../../sidecar/proxy/figures.ts'
import { Recorder } from '../../../sidecar/proxy/recorder.ts'

const folder = mkdtempSync(join(tmpdir(), 'rerankscope-record-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function exchange(
  body: string,
  changes: Partial<Exchange> & { readonly status?: number; readonly answer?: string } = {},
): Exchange {
  const { status = 200, answer = '[]', ...rest } = changes
  return {
    path: '/rerank',
    request: { headers: {}, body: Buffer.from(body) },
    response: { status, headers: {}, body: Buffer.from(answer) },
    startSeconds: 100,
    endSeconds: 100.2,
    brokenBy: undefined,
    ...rest,
  }
}

const tei = (documents: number) =>
  JSON.stringify({ query: 'qu', texts: Array.from({ length: documents }, () => 'text') })

test('queries, pairs, durations by number of documents', () => {
  const figures = new ProxyFigures()
  figures.add(exchange(tei(10)))
  figures.add(exchange(tei(50), { endSeconds: 101 }))
  const sample = figures.sample(3)
  expect(sample).toMatchObject({
    server: 'proxy',
    requests: 2,
    queries: 2,
    pairs: 60,
    errors: {},
    inFlightRequests: 3,
  })
  expect(sample.requestDuration?.sum).toBeCloseTo(1.2, 9)
  expect(sample.documentsPerQuery?.sum).toBe(60)
  const shapes = Object.entries(sample.shapes ?? {})
  expect(shapes.map(([name, shape]) => [name, countOf(shape), shape.sum])).toEqual([
    ['1_10', 1, expect.closeTo(0.2, 9)],
    ['21_50', 1, 1],
  ])
})

test.each([
  [{ status: 429 }, 'overloaded'],
  [{ status: 503 }, 'unhealthy'],
  [{ status: 422 }, 'client_error'],
  [{ status: 500 }, 'server_error'],
  [{ brokenBy: 'client' as const, response: undefined }, 'abandoned'],
  [{ brokenBy: 'target' as const }, 'broken'],
  [{ brokenBy: 'unreachable' as const, response: undefined }, 'unreachable'],
])('%j is %s, and scores no pair', (changes, name) => {
  const figures = new ProxyFigures()
  figures.add(exchange(tei(10), changes))
  const sample = figures.sample(0)
  expect(sample).toMatchObject({ requests: 1, queries: 1, pairs: 0, errors: { [name]: 1 } })
  expect(countOf(sample.requestDuration ?? { bounds: [], counts: [], sum: 0 })).toBe(0)
})

test.each([
  ['no JSON', exchange('{')],
  ['another format', exchange('{"input":[1]}')],
  [
    'compressed',
    {
      ...exchange(tei(1)),
      request: { headers: { 'content-encoding': 'gzip' }, body: Buffer.from(tei(1)) },
    },
  ],
  ['too large', { ...exchange(''), request: { headers: {}, body: undefined } }],
])('%s: a request all the same, and unread', (_name, one) => {
  const figures = new ProxyFigures()
  expect(figures.add(one)).toBeUndefined()
  expect(figures.sample(0)).toMatchObject({ requests: 1, queries: 1, pairs: 0, errors: {} })
  expect(figures.unread).toBe(1)
})

test('what the target refuses too is not missed traffic', () => {
  const figures = new ProxyFigures()
  figures.add(exchange('{', { status: 400 }))
  expect([figures.unread, figures.sample(0).errors]).toEqual([0, { client_error: 1 }])
})

describe('every dialect', () => {
  test.each(dialects.map((dialect) => [dialect.name, dialect] as const))(
    '%s: documents and lengths are read',
    (_name, dialect) => {
      const documents = ['one', 'four', 'eleven']
      const path = dialect.paths[0].replace(':model', 'm')
      const body = dialect.encodeRequest({
        query: 'query',
        documents,
        returnDocuments: false,
        rawScores: false,
        truncationDirection: 'right',
      })
      const shape = new ProxyFigures().add(exchange(body, { path }), true)
      expect(shape).toEqual({
        queries: 1,
        documents: 3,
        queryCharacters: 5,
        documentCharacters: [3, 4, 6],
        texts: { query: 'query', documents },
      })
    },
  )
})

function recorderOf(file: string, changes: { texts?: boolean; maximumBytes?: number } = {}) {
  const said: string[] = []
  const recorder = new Recorder({
    file,
    texts: false,
    maximumBytes: 1_000_000,
    startSeconds: 90,
    startedAt: '2026-01-01T00:00:00.000Z',
    version: '1',
    onTrouble: (sentence) => said.push(sentence),
    ...changes,
  })
  return { recorder, said }
}

test('a recording holds times and lengths, for its owner alone, and no text', async () => {
  const file = join(folder, 'a.jsonl')
  const { recorder, said } = recorderOf(file)
  const figures = new ProxyFigures()
  for (const count of [2, 3]) {
    const one = exchange(tei(count), { startSeconds: 90 + count })
    const shape = figures.add(one, recorder.texts)
    if (shape !== undefined) recorder.add(shape, one.startSeconds)
  }
  await recorder.close()
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  expect(decodeTraceHeader(header)).toEqual({
    schema: 'rerankscope.trace/1',
    startedAt: '2026-01-01T00:00:00.000Z',
    texts: false,
    recorder: 'rerankscope 1',
  })
  expect(lines.map((line) => decodeTraceRequest(line))).toEqual([
    { offsetSeconds: 2, queries: 1, documents: 2, queryCharacters: 2, documentCharacters: [4, 4] },
    {
      offsetSeconds: 3,
      queries: 1,
      documents: 3,
      queryCharacters: 2,
      documentCharacters: [4, 4, 4],
    },
  ])
  expect(readFileSync(file, 'utf8')).not.toContain('text"')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect([said, recorder.lost]).toEqual([[], 0])
})

test('a recording that is full says so once and counts what it lacks', async () => {
  const { recorder, said } = recorderOf(join(folder, 'b.jsonl'), { maximumBytes: 200 })
  for (let at = 0; at < 5; at += 1) recorder.add({ queries: 1, documents: 1 }, 91 + at)
  await recorder.close()
  expect(statSync(join(folder, 'b.jsonl')).size).toBeLessThanOrEqual(200)
  expect(recorder.lost).toBeGreaterThan(0)
  expect(said).toEqual([expect.stringContaining('raise --record-mib')])
})

test('a recording that is there is not overwritten, and one that cannot be made is refused', () => {
  expect(() => recorderOf(join(folder, 'a.jsonl'))).toThrow('is there already')
  expect(() => recorderOf(join(folder, 'none', 'a.jsonl'))).toThrow(UserError)
})
