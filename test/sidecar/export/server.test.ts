import { expect, test } from 'vitest'
import { PrometheusRenderer, ReadingProducer } from '../../../core/exposition.ts'
import { metrics } from '../../../core/metrics.ts'
import { reading } from '../../../core/reading.ts'
import type { Snapshot } from '../../../core/snapshot.ts'
import { createServer } from '../../../sidecar/export/server.ts'

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
