import { connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../../core/exposition.ts'
import { metrics } from '../../../core/metrics.ts'
import { reading } from '../../../core/reading.ts'
import type { Snapshot } from '../../../core/snapshot.ts'
import { close, createServer, listen } from '../../../sidecar/export/server.ts'
import { FakeClock } from '../fake-clock.ts'

const snapshot = { schema: 'rerankscope.snapshot/1', target: 't' } as unknown as Snapshot

function serverOf(options: { readonly ready?: boolean; readonly fail?: boolean } = {}) {
  const producer = new ReadingProducer({
    readings: () => {
      if (options.fail === true) throw new Error('the snapshot broke')
      return [reading(metrics.buildInfo, { version: '1', program: 'sidecar' }, 1)]
    },
    resource: {},
    wallSeconds: () => 1,
  })
  return createServer({
    renderer: new PrometheusRenderer(producer),
    snapshot: () => snapshot,
    ready: () => options.ready ?? true,
  })
}

test('/metrics in the text format, with its version', async () => {
  const response = await serverOf().inject('/metrics')
  expect(response.statusCode).toBe(200)
  expect(response.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(response.body).toContain('rerankscope_build_info{version="1",program="sidecar"} 1\n')
})

test('a failing render is a 500, not a 200 with nothing in it', async () => {
  const response = await serverOf({ fail: true }).inject('/metrics')
  expect(response.statusCode).toBe(500)
  expect(response.body).toBe('the snapshot broke\n')
})

test('/status is the snapshot', async () => {
  const response = await serverOf().inject('/status')
  expect(response.json()).toEqual(snapshot)
})

test('/-/healthy and /-/ready', async () => {
  expect((await serverOf().inject('/-/healthy')).statusCode).toBe(200)
  expect((await serverOf({ ready: true }).inject('/-/ready')).statusCode).toBe(200)
  expect((await serverOf({ ready: false }).inject('/-/ready')).statusCode).toBe(503)
})

test('/ lists the endpoints, and so does a page that is not there', async () => {
  const root = await serverOf().inject('/')
  expect(root.statusCode).toBe(200)
  const missing = await serverOf().inject('/nothing')
  expect(missing.statusCode).toBe(404)
  for (const path of ['/metrics', '/status', '/-/healthy', '/-/ready']) {
    expect(root.body).toContain(path)
    expect(missing.body).toContain(path)
  }
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
