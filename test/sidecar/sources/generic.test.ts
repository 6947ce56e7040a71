import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { messageOf, UserError } from '../../../core/errors.ts'
import { parsePrometheusText } from '../../../sidecar/normalise/prometheus-text.ts'
import { generic } from '../../../sidecar/sources/generic.ts'

const folder = mkdtempSync(join(tmpdir(), 'rerankscope-generic-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function fileOf(text: string): string {
  const file = join(folder, 'map.yaml')
  writeFileSync(file, text)
  return file
}

const page = parsePrometheusText(`
app_requests_total{route="/rerank",model="m",pod="a"} 30
app_requests_total{route="/rerank",model="m",pod="b"} 12
app_requests_total{route="/embed",model="m"} 900
app_errors_total{reason="oom"} 2
app_errors_total{reason="timeout"} 5
app_latency_milliseconds_bucket{le="100"} 20
app_latency_milliseconds_bucket{le="250"} 40
app_latency_milliseconds_bucket{le="+Inf"} 42
app_latency_milliseconds_sum 5000
app_queue 7
`)

test('a map says which of its metrics are which of ours, in which unit', () => {
  const source = generic.create(
    fileOf(`
server: app
modelLabel: model
requests: { metric: app_requests_total, where: { route: /rerank } }
errors: { metric: app_errors_total, by: reason }
requestDuration: { metric: app_latency_milliseconds, scale: 0.001 }
queuePairs: app_queue
pairs: app_pairs_that_are_not_there
stages:
  infer: { metric: app_latency_milliseconds, scale: 0.001 }
`),
  )
  expect(source.recognises(page)).toBe(true)
  const duration = { bounds: [0.1, 0.25], counts: [20, 20, 2], sum: 5 }
  expect(source.normalise(page, {})).toEqual({
    server: 'app',
    model: 'm',
    requests: 42,
    queuePairs: 7,
    requestDuration: duration,
    errors: { oom: 2, timeout: 5 },
    stages: { infer: duration },
  })
  expect(source.recognises(parsePrometheusText('up 1'))).toBe(false)
})

test.each([
  ['requests: [1]\npears: x\n', ['requests', 'pears']],
  ['errors: app_errors_total\n', ['errors']],
  ['requests: { metric: a, scale: -1 }\n', ['requests']],
  ['server: only-a-name\n', ['names no metric']],
  ['', ['names no metric']],
  ['a: [\n', ['cannot be read']],
  ['just text\n', ['no map of metrics']],
])('the map %j gets one sentence that names every mistake', (text, parts) => {
  const file = fileOf(text)
  let failure: unknown
  try {
    generic.create(file)
  } catch (error) {
    failure = error
  }
  expect(failure).toBeInstanceOf(UserError)
  for (const part of [...parts, `--server generic:${file}`]) {
    expect(messageOf(failure)).toContain(part)
  }
  expect(messageOf(failure)).not.toContain('\n')
})

test('a map that is not there', () => {
  expect(() => generic.create(join(folder, 'none.yaml'))).toThrow('cannot be read')
})
