import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { messageOf } from '../../core/errors.ts'
import { servingSourceOf } from '../../sidecar/sources/index.ts'
import { Target } from '../../sidecar/target.ts'
import { FakeClock } from './fake-clock.ts'

const pages: Record<string, string | undefined> = {}
/** In the place of a page: no answer at all. */
const hanging = 'hanging'
const asked: string[] = []
let server: Server
let target: Target
let origin: string
const clock = new FakeClock()

beforeEach(async () => {
  asked.length = 0
  for (const path of Object.keys(pages)) pages[path] = undefined
  server = createServer((request, response) => {
    const path = request.url ?? ''
    asked.push(path)
    const body = pages[path]
    if (body === hanging) return
    response.writeHead(body === undefined ? 404 : 200).end(body)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  target = new Target(origin)
})
afterEach(() => {
  target.close()
  server.closeAllConnections()
  server.close()
})

const signal = () => new AbortController().signal

async function readerOf(choice: string, options: { model?: string; target?: Target } = {}) {
  const source = await servingSourceOf(choice, {
    clock,
    intervalSeconds: 1,
    target,
    nvidiaSmi: 'nvidia-smi',
    environment: {},
    ...options,
  })
  if (source === undefined) throw new Error('no source')
  return source.open(signal())
}

test('TEI: its page each time, its model once a minute', async () => {
  pages['/metrics'] = 'te_request_count{method="batch"} 5\n'
  pages['/info'] = '{"model_id":"a/b","model_dtype":"float16"}'
  const reader = await readerOf('auto')
  const expected = { server: 'tei', model: 'a/b', dtype: 'float16', requests: 5 }
  expect(await reader.read(signal())).toEqual(expected)
  await clock.advance(30)
  expect(await reader.read(signal())).toEqual(expected)
  await clock.advance(31)
  await reader.read(signal())
  expect(asked.filter((path) => path === '/metrics')).toHaveLength(3)
  expect(asked.filter((path) => path === '/info')).toHaveLength(2)
})

test('Infinity: how many pairs wait, each time', async () => {
  pages['/metrics'] = 'http_requests_total{handler="/rerank",method="POST",status="2xx"} 5\n'
  const models = (queue: number) =>
    JSON.stringify({ data: [{ id: 'm', stats: { queue_absolute: queue } }] })
  const reader = await readerOf('infinity')
  pages['/models'] = models(3)
  expect(await reader.read(signal())).toMatchObject({ model: 'm', requests: 5, queuePairs: 3 })
  pages['/models'] = models(8)
  expect(await reader.read(signal())).toMatchObject({ queuePairs: 8 })
  pages['/models'] = 'no JSON'
  const without = await reader.read(signal())
  expect(without).toMatchObject({ requests: 5 })
  expect(without.queuePairs).toBeUndefined()
})

test('a document that cannot be had is asked for again after 10 s, not with each page', async () => {
  pages['/metrics'] = 'te_queue_size 1\n'
  const reader = await readerOf('tei')
  for (let second = 0; second < 10; second += 1) {
    expect(await reader.read(signal())).toEqual({ server: 'tei', queuePairs: 1 })
    await clock.advance(1)
  }
  expect(asked.filter((path) => path === '/info')).toHaveLength(1)
  pages['/info'] = '{"model_id":"a/b"}'
  expect(await reader.read(signal())).toMatchObject({ server: 'tei', model: 'a/b' })
  expect(asked.filter((path) => path === '/metrics')).toHaveLength(11)
})

test('a document that hangs takes no page with it', async () => {
  pages['/metrics'] = 'te_queue_size 1\n'
  pages['/info'] = hanging
  const reading = (await readerOf('tei')).read(signal())
  await vi.waitUntil(() => asked.includes('/info'))
  await clock.advance(2)
  expect(await reading).toEqual({ server: 'tei', queuePairs: 1 })
})

test('a target that becomes another server is seen as what it is now', async () => {
  pages['/metrics'] = 'te_queue_size 1\n'
  const reader = await readerOf('auto')
  expect((await reader.read(signal())).server).toBe('tei')
  pages['/metrics'] = 'llamacpp:requests_deferred 4\n'
  expect(await reader.read(signal())).toMatchObject({ server: 'llamacpp', queuePairs: 4 })
})

test('a page of nobody says what to do', async () => {
  pages['/metrics'] = 'up 1\n'
  const reader = await readerOf('auto')
  const failure = await reader.read(signal()).then(() => '', messageOf)
  expect(failure).toContain('not those of a server that is known here (rerankscope, tei,')
  expect(failure).toContain('--server generic:FILE')
})

test('metrics may be elsewhere, and one of several models may be meant', async () => {
  pages['/triton/metrics'] = `
nv_inference_request_success{model="a"} 1
nv_inference_request_success{model="b"} 2
`
  const elsewhere = new Target('http://127.0.0.1:1', `${origin}/triton/metrics`)
  const reader = await readerOf('triton', { model: 'b', target: elsewhere })
  expect(await reader.read(signal())).toMatchObject({ server: 'triton', model: 'b', requests: 2 })
  expect(elsewhere.url).toBe('http://127.0.0.1:1')
  elsewhere.close()
})
