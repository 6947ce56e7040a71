import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Capture, CaptureBudget } from '../../../sidecar/proxy/capture.ts'
import { ExchangeReader, type Exchange } from '../../../sidecar/proxy/exchange.ts'

function readerOf(options: { maximumBodyBytes?: number; budget?: CaptureBudget } = {}) {
  const exchanges: Exchange[] = []
  let unreadable = 0
  let now = 0
  const reader = new ExchangeReader({
    nowSeconds: () => now,
    watches: (path) => path === '/rerank',
    budget: options.budget ?? new CaptureBudget(1_000_000),
    maximumBodyBytes: options.maximumBodyBytes ?? 10_000,
    onExchange: (exchange) => exchanges.push(exchange),
    onUnreadable: () => {
      unreadable += 1
    },
    onClose: () => undefined,
  })
  return {
    reader,
    exchanges,
    unreadable: () => unreadable,
    at: (seconds: number) => {
      now = seconds
    },
  }
}

const request = (body: string, path = '/rerank') =>
  `POST ${path} HTTP/1.1\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\nX-Id: 1\r\n\r\n${body}`
const response = (status: number, body: string) =>
  `HTTP/1.1 ${String(status)} X\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\nX-Total-Time: 5\r\n\r\n${body}`

test('from the first byte of the request to the last one of the answer', () => {
  const { reader, exchanges, at } = readerOf()
  const [head = '', tail = ''] = request('{"query":"é"}').split('"query')
  at(10)
  reader.request(Buffer.from(head))
  at(10.5)
  reader.request(Buffer.from(`"query${tail}`))
  expect([reader.inFlight, reader.busy]).toEqual([1, true])
  at(11)
  reader.response(Buffer.from('HTTP/1.1 200 OK\r\nX-Total-Time: 5\r\nContent-Length: 4\r\n\r\n[1'))
  at(12)
  reader.response(Buffer.from(',]'))
  expect(exchanges).toEqual([
    {
      path: '/rerank',
      request: {
        headers: expect.objectContaining({ 'x-id': '1' }) as unknown,
        body: Buffer.from('{"query":"é"}'),
      },
      response: {
        status: 200,
        headers: expect.objectContaining({ 'x-total-time': '5' }) as unknown,
        body: Buffer.from('[1,]'),
      },
      startSeconds: 10,
      endSeconds: 12,
      brokenBy: undefined,
    },
  ])
  expect([reader.inFlight, reader.busy]).toEqual([0, false])
})

test('however the bytes are cut, the exchanges are the same', () => {
  const bodies = ['{"a":1}', '', '{"b":"ü"}', 'x']
  const requests = Buffer.from(
    [
      request(bodies[0] ?? ''),
      'GET /health HTTP/1.1\r\n\r\n',
      'POST /rerank?x=1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"b\r\n7\r\n":"ü"}\r\n0\r\nT: 1\r\n\r\n',
      'HEAD /rerank HTTP/1.1\r\n\r\n',
      request('x', 'http://host/rerank'),
    ].join(''),
  )
  const responses = Buffer.from(
    [
      response(200, '[1]'),
      response(200, 'fine'),
      'HTTP/1.1 100 Continue\r\n\r\n',
      'HTTP/1.1 503 X\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n',
      'HTTP/1.1 204 No\r\n\r\n',
    ].join(''),
  )
  const cutsOf = (bytes: Buffer) => fc.array(fc.nat({ max: bytes.length }), { maxLength: 20 })
  fc.assert(
    fc.property(cutsOf(requests), cutsOf(responses), (requestCuts, responseCuts) => {
      const { reader, exchanges, unreadable } = readerOf()
      for (const part of parts(requests, requestCuts)) reader.request(part)
      for (const part of parts(responses, responseCuts)) reader.response(part)
      expect(
        exchanges.map(({ request: { body }, response: answer }) => [
          body?.toString(),
          answer?.status,
          answer?.body?.toString(),
        ]),
      ).toEqual([
        ['{"a":1}', 200, '[1]'],
        ['{"b":"ü"}', 503, 'no'],
        ['x', 204, ''],
      ])
      expect(unreadable()).toBe(0)
    }),
  )
})

function parts(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length]
  return edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge))
}

test('an answer without a length ends with the connection', () => {
  const { reader, exchanges } = readerOf()
  reader.request(Buffer.from(request('{}')))
  reader.response(Buffer.from('HTTP/1.0 200 OK\r\n\r\n[1'))
  expect(exchanges).toEqual([])
  reader.responseEnds()
  reader.close('target')
  expect(exchanges).toMatchObject([{ brokenBy: undefined, response: { status: 200 } }])
})

test.each([
  ['client', 'client'],
  ['target', 'target'],
] as const)('what is open when the %s goes was broken by it', (by, expected) => {
  const { reader, exchanges } = readerOf()
  reader.request(Buffer.from(request('{}') + request('{}')))
  reader.response(
    Buffer.from(response(200, '[]') + 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n['),
  )
  reader.close(by)
  expect(exchanges.map(({ brokenBy }) => brokenBy)).toEqual([undefined, expected])
})

test.each([
  ['rubbish', Buffer.from([22, 3, 1, 0, 13, 10])],
  ['an upgrade', Buffer.from('GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n')],
  ['a head without end', Buffer.from(`GET / HTTP/1.1\r\nX: ${'x'.repeat(200_000)}`)],
  ['hundreds of requests ahead', Buffer.from('GET / HTTP/1.1\r\n\r\n'.repeat(300))],
  ['hundreds of rerank requests ahead', Buffer.from(request('{}').repeat(300))],
])('%s: the rest passes unread, said once, and nothing is kept', (_name, bytes) => {
  const budget = new CaptureBudget(1_000_000)
  const { reader, exchanges, unreadable } = readerOf({ budget })
  reader.request(Buffer.from(request('{}').slice(0, -1)))
  reader.request(Buffer.from('}'))
  reader.request(bytes)
  reader.request(bytes)
  reader.response(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))
  reader.close('client')
  expect(unreadable()).toBe(1)
  expect(exchanges).toEqual([])
  expect(budget.bytes).toBe(0)
})

test('whatever comes, nothing is thrown and nothing stays kept', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      request('{"query":1}'),
      response(200, '[]'),
      'HTTP/1.1 200 OK\r\n',
      '\r\n',
      'Transfer-Encoding: chunked\r\n\r\n',
      'ffffffffffff\r\n',
      '-1\r\n',
      'Content-Length: -5\r\n\r\n',
      'Content-Length: x\r\n\r\n',
      'POST /rerank HTTP/1.1\r\n',
    ),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  const step = fc.tuple(fc.constantFrom('request', 'response', 'responseEnds'), piece)
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
      const budget = new CaptureBudget(1_000)
      const { reader } = readerOf({ budget })
      for (const [what, text] of steps) {
        if (what === 'responseEnds') reader.responseEnds()
        else reader[what](Buffer.from(text, 'latin1'))
      }
      reader.close('client')
      expect(budget.bytes).toBe(0)
    }),
    { numRuns: 500 },
  )
})

test('what a client still sends of a request that was answered early is not kept', () => {
  const budget = new CaptureBudget(1_000_000)
  const { reader, exchanges } = readerOf({ budget })
  const body = request('x'.repeat(1000))
  for (const status of [413, 200]) {
    reader.request(Buffer.from(body.slice(0, 500)))
    reader.response(Buffer.from(response(status, 'no')))
    reader.request(Buffer.from(body.slice(500)))
    expect(budget.bytes).toBe(0)
  }
  expect(exchanges.map((exchange) => exchange.response?.status)).toEqual([413, 200])
  expect(reader.busy).toBe(false)
})

test('a capture is whole or nothing, within its own limit and the one of all', () => {
  const budget = new CaptureBudget(10)
  const [a, b, c] = [new Capture(budget, 8), new Capture(budget, 8), new Capture(budget, 0)]
  a.add(Buffer.from('12345'))
  b.add(Buffer.from('678'))
  c.add(Buffer.from('9'))
  expect([a.bytes()?.toString(), b.bytes()?.toString(), c.bytes()]).toEqual([
    '12345',
    '678',
    undefined,
  ])
  b.add(Buffer.from('90a'))
  expect([b.bytes(), budget.bytes]).toEqual([undefined, 5])
  a.add(Buffer.from('6789'))
  expect([a.bytes(), budget.bytes]).toEqual([undefined, 0])
  a.add(Buffer.from('1'))
  expect([a.bytes(), budget.bytes]).toEqual([undefined, 0])
})
