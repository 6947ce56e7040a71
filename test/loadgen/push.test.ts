import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { exitCodes } from '../../core/errors.ts'
import { runLoad } from '../../loadgen/index.ts'
import { LiveMetrics } from '../../loadgen/measure/live-metrics.ts'
import { decodeOtlp, type Received } from '../core/otlp-decoder.ts'
import { FixtureServer } from './fixture-server.ts'

let folder: string
let server: FixtureServer
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-push-'))
  server = await FixtureServer.start({
    // Five warm-up requests, then the third of the run is refused.
    behaviourOf: (request) => (request === 7 ? 'overloaded' : 'answer'),
  })
})
afterEach(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

async function collector(status: number) {
  const pushes: Received[] = []
  const listening = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      pushes.push(decodeOtlp(Buffer.concat(chunks)))
      response.writeHead(status).end()
    })
  })
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${String((listening.address() as AddressInfo).port)}`
  return { pushes, url, close: () => listening.close() }
}

async function load(otlp: string, environment = {}) {
  const troubles: string[] = []
  const run = await runLoad(
    { target: server.url, profile: 'low', seconds: 2, out: join(folder, 'run'), otlp },
    {
      signal: new AbortController().signal,
      version: '1.2.3',
      environment,
      onTrouble: (sentence) => troubles.push(sentence),
    },
  )
  return { run, troubles }
}

test('a collector gets the figures of the run, and the last push has them all', async () => {
  const { pushes, url, close } = await collector(200)
  try {
    const { run, troubles } = await load(url)
    expect(troubles).toEqual([])
    const { resource, points, counts, names } = pushes.at(-1)!
    expect(resource).toMatchObject({
      'service.name': 'rerankscope-load',
      'service.version': '1.2.3',
    })
    expect(names.every((name) => name.startsWith('rerankscope_load_'))).toBe(true)
    const info = { profile: 'low', engine: 'autocannon', dialect: 'tei', target: server.url }
    const { summary, observations } = run
    expect(points).toMatchObject({
      [`rerankscope_load_info${JSON.stringify(info)}`]: ['gauge', 1],
      'rerankscope_load_requests_total{"outcome":"ok"}': ['sum', 9],
      'rerankscope_load_requests_total{"outcome":"rejected_429"}': ['sum', 1],
      'rerankscope_load_requests_total{"outcome":"timeout"}': ['sum', 0],
      'rerankscope_load_offered_queries_total{}': ['sum', 10],
      'rerankscope_load_pairs_total{}': ['sum', summary.totals.pairs],
      'rerankscope_load_in_flight_requests{}': ['gauge', 0],
    })
    // Of the nine that were answered; the refused one was sent too.
    expect(counts['rerankscope_load_response_duration_seconds{}']).toBe(9)
    expect(counts['rerankscope_load_dispatch_lag_seconds{}']).toBe(10)
    const answered = observations.filter(({ outcome }) => outcome === 'ok')
    expect(points['rerankscope_load_response_duration_seconds{}']?.[1]).toBeCloseTo(
      answered.reduce((sum, one) => sum + one.doneSeconds - one.intendedSeconds, 0),
      6,
    )
  } finally {
    close()
  }
})

test('pushed while the run lasts, as often as the environment says', async () => {
  const { pushes, url, close } = await collector(200)
  process.env['OTEL_METRIC_EXPORT_INTERVAL'] = '500'
  try {
    await load(url)
    const ended = pushes.map(
      ({ points }) => points['rerankscope_load_requests_total{"outcome":"ok"}']![1],
    )
    expect(ended.length).toBeGreaterThan(1)
    expect(ended).toEqual(ended.toSorted((a, b) => a - b))
    expect(ended.at(-1)).toBe(9)
  } finally {
    delete process.env['OTEL_METRIC_EXPORT_INTERVAL']
    close()
  }
})

test('a collector that refuses costs one sentence, not the run', async () => {
  const { url, close } = await collector(400)
  try {
    const { run, troubles } = await load(url)
    expect(run.summary.totals).toMatchObject({ requests: 10, succeeded: 9 })
    expect(troubles).toEqual([expect.stringMatching(/^pushing over OTLP fails: /)])
  } finally {
    close()
  }
})

test('an address that can be none is refused before anything is sent', async () => {
  await expect(load('collector:4318')).rejects.toMatchObject({
    exitCode: exitCodes.usage,
    message: '--otlp must be an http:// or https:// URL, as in http://127.0.0.1:4318.',
  })
  expect(server.arrivals).toHaveLength(0)
})

test('queries are offered when they are due, however many a request holds', () => {
  const items = [0, 0.4, 0.8].map((intendedSeconds) => ({ intendedSeconds, queries: 8 }))
  const live = new LiveMetrics({ profile: '', engine: '', dialect: '', target: '' }, items)
  const offered = () =>
    live.readings().find(({ metric }) => metric.name.endsWith('offered_queries_total'))!.value
  expect(offered()).toBe(0)
  live.progress(0.5, 2)
  expect(offered()).toBe(16)
  live.progress(Infinity, 0)
  expect(offered()).toBe(24)
})
