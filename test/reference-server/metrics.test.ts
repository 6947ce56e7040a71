import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { packageFile } from '../../core/program.ts'
import type { RunningServer } from '../../reference-server/index.ts'
import { ask, metricValue, rerank, testServer } from './support.ts'

let server: RunningServer
beforeAll(async () => {
  server = await testServer()
})
afterAll(() => server.close())

/** Names, types, help and labels: all but the values. */
function shapeOf(exposition: string): string {
  return exposition
    .split('\n')
    .map((line) => (line.startsWith('#') ? line : line.replace(/ \S+$/, ' #')))
    .join('\n')
}

test('/metrics before the first request is the golden file: everything is there from the start', async () => {
  const { headers, text } = await ask(`${server.url}/metrics`)
  expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(shapeOf(text)).toBe(
    readFileSync(packageFile('test/golden/reference-server.metrics.txt'), 'utf8'),
  )
  const values = text
    .split('\n')
    .filter((line) => /^reranker_(?!model_info)/.test(line))
    .map((line) => Number(line.split(' ').at(-1)))
  expect(values.every((value) => value === 0)).toBe(true)
})

test('counts what was done', async () => {
  const texts = ['alpha', 'beta', 'alpha', 'a longer text of several words']
  expect((await rerank(server, { query: 'alpha', texts })).status).toBe(200)
  expect((await rerank(server, { query: 'beta', texts: texts.slice(0, 2) })).status).toBe(200)
  const value = (series: string) => metricValue(server, series)
  expect(await value('reranker_requests_total')).toBe(2)
  expect(await value('reranker_pairs_total')).toBe(6)
  expect(await value('reranker_request_duration_seconds_count')).toBe(2)
  expect(await value('reranker_documents_per_query_sum')).toBe(6)
  expect(await value('reranker_batch_pairs_sum')).toBe(6)
  expect(await value('reranker_stage_duration_seconds_count{stage="tokenise"}')).toBe(2)
  expect(await value('reranker_stage_duration_seconds_count{stage="infer"}')).toBe(2)
  // "alpha" stands twice in the first request, which looks everything up before it learns anything.
  expect(await value('reranker_cache_hits_total{cache="tokens"}')).toBe(2)
  expect(await value('reranker_cache_misses_total{cache="tokens"}')).toBe(4)
  expect(await value('reranker_in_flight_requests')).toBe(0)
  expect(await value('reranker_queue_pairs')).toBe(0)
  const busy = await value('rerankscope_inference_busy_seconds_total')
  const inferred = await value('reranker_stage_duration_seconds_sum{stage="infer"}')
  expect(busy).toBeGreaterThanOrEqual(inferred)
  expect(busy).toBeLessThan(inferred + 0.5)
  expect(await value('rerankscope_inference_resident_memory_bytes')).toBeGreaterThan(30e6)
  expect(await value('rerankscope_inference_restarts_total')).toBe(0)
})
