import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import type { RequestRecord } from '../../reference-server/record.ts'
import { startTracing, tracesUrlOf } from '../../reference-server/tracing.ts'
import { decodeSpans, type DecodedSpan } from './otlp-spans.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A collector on loopback; what it got, decoded. */
async function collector(status = 200) {
  const spans: DecodedSpan[] = []
  const paths = new Set<string | undefined>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    paths.add(request.url)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      spans.push(...decodeSpans(Buffer.concat(chunks)))
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  return { spans, paths, url, close: () => server.close() }
}

const traceId = '0af7651916cd43dd8448eb211c80319c'
const record: RequestRecord = {
  outcome: 'ok',
  startSeconds: 10,
  endSeconds: 10.25,
  documents: 3,
  stages: [
    { name: 'tokenise', startSeconds: 10, endSeconds: 10.05 },
    { name: 'queue', startSeconds: 10.05, endSeconds: 10.1 },
    { name: 'infer', startSeconds: 10.1, endSeconds: 10.25 },
  ],
  tokens: 99,
  traceparent: `00-${traceId}-b7ad6b7169203331-01`,
}
const clock = { wallSeconds: () => 1_800_000_000, monotonicSeconds: () => 10 }
const log = () => undefined

// One test, because the SDK registers itself once a process.
test("a request is a span below the caller's, its stages spans below it; others begin a trace", async () => {
  const { spans, paths, url, close } = await collector()
  const tracing = await startTracing({ url, version: '1.2.3', clock, log })
  tracing.observe(record)
  tracing.observe({
    outcome: 'overloaded',
    startSeconds: 10,
    endSeconds: 10.1,
    documents: 3,
    stages: [],
  })
  // Not sampled by the caller: not sent.
  tracing.observe({ ...record, traceparent: `00-${traceId.replace('0', '1')}-b7ad6b7169203331-00` })
  await tracing.shutdown()
  close()
  expect([...paths]).toEqual(['/v1/traces'])
  expect(spans.map(({ name }) => name).sort()).toEqual([
    'infer',
    'queue',
    'rerank',
    'rerank',
    'tokenise',
  ])
  const root = spans.find((span) => span.name === 'rerank' && span.traceId === traceId)!
  expect(root).toMatchObject({ parentSpanId: 'b7ad6b7169203331', kind: 2, statusCode: 0 })
  expect(root.attributes).toEqual({
    'rerank.outcome': 'ok',
    'rerank.documents': 3,
    'rerank.tokens': 99,
  })
  const seconds = ({ startNanoseconds, endNanoseconds }: DecodedSpan) =>
    [startNanoseconds, endNanoseconds].map(
      (value) => Number(value / 1_000_000n) / 1000 - 1_800_000_000,
    )
  expect(seconds(root)).toEqual([0, 0.25])
  for (const stage of record.stages) {
    const span = spans.find(({ name }) => name === stage.name)!
    expect(span).toMatchObject({ traceId, parentSpanId: root.spanId })
    for (const [at, value] of seconds(span).entries()) {
      expect(value).toBeCloseTo([stage.startSeconds - 10, stage.endSeconds - 10][at]!, 2)
    }
  }
  const other = spans.find((span) => span.name === 'rerank' && span.traceId !== traceId)!
  expect(other).toMatchObject({ parentSpanId: '', statusCode: 2 })
})

test('base URLs get the signal path, whole URLs stay, others are refused', () => {
  expect(tracesUrlOf('http://c:4318')).toBe('http://c:4318/v1/traces')
  expect(tracesUrlOf('https://c/otlp/v1/traces')).toBe('https://c/otlp/v1/traces')
  expect(() => tracesUrlOf('c:4318')).toThrow(/--otlp must be/)
})
