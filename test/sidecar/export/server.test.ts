import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import type { Snapshot } from '../../../core/snapshot.ts'
import { maximumInFlight } from '../../../sidecar/export/guards.ts'
import { listen } from '../../../sidecar/export/listen.ts'
import { MetricsPage } from '../../../sidecar/export/metrics-page.ts'
import { close, createServer } from '../../../sidecar/export/server.ts'
import { FakeClock } from '../fake-clock.ts'

const snapshot = {
  schema: 'rerankscope.snapshot/1',
  takenAtSeconds: 1_800_000_000,
  target: 't',
  guidance: { state: 'waste', reasons: ['the GPU idles'], recommendation: 'Batch.' },
} as unknown as Snapshot

const page = {
  page: () => ({ html: '<h1>the page</h1>', contentSecurityPolicy: "default-src 'self'" }),
  watch: () => false,
}

function serverOf(
  options: {
    readonly ready?: boolean
    readonly render?: () => Promise<string>
    readonly clock?: FakeClock
  } = {},
) {
  return createServer({
    metrics: new MetricsPage({
      render: options.render ?? (() => Promise.resolve('up 1\n')),
      picture: () => snapshot,
      nowSeconds: () => 0,
    }),
    snapshot: () => snapshot,
    ready: () => options.ready ?? true,
    live: page,
    clock: options.clock ?? new FakeClock(),
    web: undefined,
  })
}

const never = () => new Promise<string>(() => undefined)

test('/metrics in the text format, with its version', async () => {
  const response = await serverOf().inject('/metrics')
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(response.headers['vary']).toBe('Accept, Accept-Encoding')
  expect(response.body).toBe('up 1\n')
})

test('a failing render is a 500, not a 200 with nothing in it', async () => {
  const render = () => Promise.reject(new Error('the snapshot broke'))
  const response = await serverOf({ render }).inject('/metrics')
  expect(response.statusCode).toBe(500)
  expect(response.body).toBe('the snapshot broke\n')
})

test('a render that takes longer than the scraper waits is a 503', async () => {
  const clock = new FakeClock()
  const server = serverOf({ render: never, clock })
  const headers = { 'x-prometheus-scrape-timeout-seconds': '10' }
  const answered = server.inject({ url: '/metrics', headers })
  let status: number | undefined
  void answered.then(({ statusCode }) => (status = statusCode))
  await clock.advance(8.9)
  expect(status).toBeUndefined()
  await clock.advance(0.2)
  const { statusCode, body } = await answered
  expect([statusCode, body]).toEqual([
    503,
    'The metrics were not rendered in the time that the scraper waits.\n',
  ])
})

test.each(['', 'soon', '-1', '0', 'NaN'])('a scrape timeout of %j is none', async (given) => {
  const headers = { 'x-prometheus-scrape-timeout-seconds': given }
  expect((await serverOf().inject({ url: '/metrics', headers })).statusCode).toBe(200)
})

test('more scrapes at once than are allowed get 503 at once, probes get through', async () => {
  let release: (text: string) => void = () => undefined
  const render = () => new Promise<string>((resolve) => (release = resolve))
  const server = serverOf({ render })
  const url = await listen(server, { host: '127.0.0.1', port: 0 })
  const waiting = Array.from({ length: maximumInFlight }, () => fetch(`${url}/metrics`))
  let refused: Response
  // Whether all have arrived is seen by the first one that is refused.
  do refused = await fetch(`${url}/status`)
  while (refused.status === 200)
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await refused.text()).toBe('40 requests are being answered: try again.\n')
  expect((await fetch(`${url}/-/healthy`)).status).toBe(200)
  release('up 1\n')
  const bodies = await Promise.all(waiting.map(async (one) => (await one).text()))
  expect(new Set(bodies)).toEqual(new Set(['up 1\n']))
  expect((await fetch(`${url}/status`)).status).toBe(200)
  await close(server, new FakeClock())
})

test('/status is the snapshot, /guidance its advice', async () => {
  expect((await serverOf().inject('/status')).json()).toEqual(snapshot)
  expect((await serverOf().inject('/guidance')).json()).toEqual({
    schema: 'rerankscope.guidance/1',
    takenAtSeconds: 1_800_000_000,
    target: 't',
    state: 'waste',
    reasons: ['the GPU idles'],
    recommendation: 'Batch.',
  })
})

test('/-/healthy and /-/ready', async () => {
  expect((await serverOf().inject('/-/healthy')).statusCode).toBe(200)
  expect((await serverOf({ ready: true }).inject('/-/ready')).statusCode).toBe(200)
  expect((await serverOf({ ready: false }).inject('/-/ready')).statusCode).toBe(503)
})

test('/ is the page, under its own policy; too many viewers are refused in words', async () => {
  const root = await serverOf().inject('/')
  expect([root.statusCode, root.body]).toEqual([200, '<h1>the page</h1>'])
  expect(root.headers).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'self'",
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  const events = await serverOf().inject('/events')
  expect([events.statusCode, events.body]).toEqual([
    503,
    'The page is open in too many places: close it in one of them.\n',
  ])
})

test('a page that is not there lists those that are, and lets a browser do nothing', async () => {
  const missing = await serverOf().inject('/nothing')
  expect(missing.statusCode).toBe(404)
  expect(missing.headers['content-security-policy']).toContain("default-src 'none'")
  for (const path of ['/ ', '/metrics', '/status', '/guidance', '/-/healthy', '/-/ready']) {
    expect(missing.body).toContain(path)
  }
})

test.each([
  ['/%zz', 400, 'This address cannot be read: a % must be followed by two hexadecimal digits.\n'],
  [`/${'a'.repeat(20_000)}`, 431, 'The address or the headers are too long.\n'],
])('a wrong address gets words of ours', async (path, status, sentence) => {
  const server = serverOf()
  const url = await listen(server, { host: '127.0.0.1', port: 0 })
  const response = await fetch(`${url}${path}`)
  expect([response.status, await response.text()]).toEqual([status, sentence])
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8')
  await close(server, new FakeClock())
})

test('what is no request gets a sentence too', async () => {
  const server = serverOf()
  const { port } = new URL(await listen(server, { host: '127.0.0.1', port: 0 }))
  const caller = connect(Number(port), '127.0.0.1')
  let answer = ''
  caller.on('data', (chunk) => (answer += String(chunk)))
  caller.write('\x16\x03\x01 no HTTP\r\n\r\n')
  await new Promise((resolve) => caller.once('close', resolve))
  expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/)
  expect(answer).toMatch(/\r\n\r\nThis is no HTTP request\.\n$/)
  await close(server, new FakeClock())
})

test('HEAD is answered, other methods are not', async () => {
  const head = await serverOf().inject({ method: 'HEAD', url: '/metrics' })
  expect([head.statusCode, head.body]).toEqual([200, ''])
  for (const method of ['POST', 'PUT', 'DELETE'] as const) {
    const response = await serverOf().inject({ method, url: '/metrics', payload: 'x' })
    expect([response.statusCode, response.headers['allow']]).toEqual([405, 'GET, HEAD'])
  }
})

test.each([
  ['application/json', '{'],
  ['application/json', ' '.repeat(100_000)],
  ['text/csv', 'x'],
])('another method is the mistake, whatever its %s body', async (type, payload) => {
  const headers = { 'content-type': type }
  const response = await serverOf().inject({ method: 'POST', url: '/metrics', payload, headers })
  expect([response.statusCode, response.body]).toEqual([405, 'Only GET and HEAD.\n'])
})

test('a caller who never finishes asking does not hold up the end', async () => {
  const server = serverOf()
  const { port } = new URL(await listen(server, { host: '127.0.0.1', port: 0 }))
  const caller = connect(Number(port), '127.0.0.1')
  const cut = new Promise((resolve) => caller.on('error', () => undefined).once('close', resolve))
  const accepted = new Promise((resolve) => server.server.once('connection', resolve))
  caller.write('GET /metrics HTTP/1.1\r\nhost: h\r\nx-half')
  await accepted
  const clock = new FakeClock()
  const closed = close(server, clock)
  await clock.advance(1)
  await closed
  await cut
})

test.each(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL', 'ENOTFOUND', 'EAI_AGAIN'])(
  'an address that cannot be had (%s) is no bug of ours',
  async (code) => {
    const server = {
      listen: () => Promise.reject(Object.assign(new Error('listen'), { code })),
    } as unknown as FastifyInstance
    await expect(listen(server, { host: 'fe80::1%no', port: 1 })).rejects.toThrow(
      'fe80::1%no is no address of this machine: choose another with --listen HOST:PORT.',
    )
  },
)
