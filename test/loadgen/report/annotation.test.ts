import { createServer } from 'node:http'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { grafanaOf } from '../../../commands/grafana.ts'
import { annotateRun } from '../../../loadgen/report/annotation.ts'
import { madeRun } from './made-run.ts'

/** Grafana's annotation API as far as it matters here: who asks, and for what. */
const bodies: unknown[] = []
const grafana = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const known = ['Bearer s3cret', `Basic ${btoa('admin:pass')}`]
    if (!known.includes(request.headers.authorization ?? '')) {
      response.writeHead(401).end()
      return
    }
    const text = Buffer.concat(chunks).toString()
    bodies.push([request.method, request.url, JSON.parse(text)])
    response.end('{"id":1}')
  })
})
let folder: string
let url: string
beforeEach(async () => {
  bodies.length = 0
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-grafana-'))
  await new Promise<void>((resolve) => grafana.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${String((grafana.address() as AddressInfo).port)}`
})
afterEach(async () => {
  grafana.closeAllConnections()
  await new Promise((resolve) => grafana.close(resolve))
  rmSync(folder, { recursive: true })
})
const { summary } = madeRun()
const fileOf = (text: string) => {
  writeFileSync(join(folder, 'token'), text)
  return join(folder, 'token')
}

test('marks the run from its start to its end, with the token of the file', async () => {
  expect(
    await annotateRun(summary, grafanaOf(`${url}/grafana/`, fileOf('s3cret\n'), {})!),
  ).toBeUndefined()
  expect(bodies).toEqual([
    [
      'POST',
      '/grafana/api/annotations',
      {
        time: Date.UTC(2026, 10, 22, 10, 0, 0),
        timeEnd: Date.UTC(2026, 10, 22, 10, 0, 20),
        tags: ['rerankscope', 'load', 'low'],
        text: 'Load low: 5 queries/s against http://127.0.0.1:8080',
      },
    ],
  ])
})

test('a user in the URL does as well', async () => {
  const withUser = url.replace('http://', 'http://admin:pass@')
  expect(await annotateRun(summary, grafanaOf(withUser, undefined, {})!)).toBeUndefined()
  expect(bodies).toHaveLength(1)
})

test('the token may come from the environment; a file that is named wins', async () => {
  const environment = { RERANKSCOPE_GRAFANA_TOKEN: 's3cret\n' }
  expect(await annotateRun(summary, grafanaOf(url, undefined, environment)!)).toBeUndefined()
  expect(await annotateRun(summary, grafanaOf(url, fileOf('wr0ng'), environment)!)).toBe(
    'Grafana took no annotation: it answered 401.',
  )
  expect(() => grafanaOf(url, undefined, { RERANKSCOPE_GRAFANA_TOKEN: 'two words' })).toThrow(
    'RERANKSCOPE_GRAFANA_TOKEN must hold one token and nothing else.',
  )
})

test('a Grafana that refuses, or is not there, is a sentence without the secret', async () => {
  expect(await annotateRun(summary, grafanaOf(url, fileOf('wr0ng'), {})!)).toBe(
    'Grafana took no annotation: it answered 401.',
  )
  expect(
    await annotateRun(summary, grafanaOf('http://127.0.0.1:1', fileOf('s3cret'), {})!),
  ).toMatch(/^Grafana took no annotation: (ECONNREFUSED|bad port|fetch failed)\.$/)
})

test('what cannot be a token is refused before the run', () => {
  expect(grafanaOf(undefined, undefined, {})).toBeUndefined()
  const missing = join(folder, 'none')
  expect(() => grafanaOf(url, missing, {})).toThrow(
    `--grafana-token-file ${missing} cannot be read: there is no such file or folder.`,
  )
  for (const text of ['', 'two words', 'a\nb']) {
    expect(() => grafanaOf(url, fileOf(text), {})).toThrow(
      /must hold one token and nothing else\.$/,
    )
  }
  expect(() => grafanaOf('grafana', undefined, {})).toThrow('--grafana-url must be a URL')
})
