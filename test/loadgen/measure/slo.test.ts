import fc from 'fast-check'
import { expect, test } from 'vitest'
import { judgeSlo, parseSlo, sloName, sloSentence } from '../../../loadgen/measure/slo.ts'

const figures = { p50: 0.1, p90: 0.15, p95: 0.2, p99: null, max: 0.4, mean: 0.11 }
const run = {
  latencySeconds: {
    response: { ...figures, p95Interval: null, p95IntervalConfidence: null },
    service: { ...figures, p95: 0.05 },
  },
  totals: { requests: 1000, failed: 2 },
  throughput: { queriesPerSecond: 4.9 },
  profile: { queriesPerSecond: 5 },
} as unknown as Parameters<typeof judgeSlo>[1]

test.each([
  ['p95=200ms', true, 'p95 is 200 ms, at most 200 ms asked for'],
  ['p95=199ms', false, 'p95 is 200 ms, at most 199 ms asked for'],
  ['response.p95=0.3s', true, 'p95 is 200 ms, at most 300 ms asked for'],
  ['service.p95=49ms', false, 'service.p95 is 50.0 ms, at most 49.0 ms asked for'],
  ['max=1s', true, 'max is 400 ms, at most 1.00 s asked for'],
  ['mean=100ms', false, 'mean is 110 ms, at most 100 ms asked for'],
  ['p99=10s', false, 'p99 is not known, at most 10.00 s asked for'],
  ['errors=0.2%', true, 'errors is 0.20 %, at most 0.20 % asked for'],
  ['errors=0.1%', false, 'errors is 0.20 %, at most 0.10 % asked for'],
  ['rate=98%', true, 'rate is 98 %, at least 98 % asked for'],
  ['rate=99%', false, 'rate is 98 %, at least 99 % asked for'],
])('%s is met: %s', (text, met, sentence) => {
  const [result] = judgeSlo(parseSlo(text) ?? [], run)
  expect(result?.met).toBe(met)
  expect(sloSentence(result!)).toBe(sentence)
})

test.each([
  '',
  'p95',
  'p95=',
  'p95=200',
  'p95=0ms',
  'p95<200ms',
  'p96=1s',
  'errors=101%',
  'errors=1',
  'service.errors=1%',
  'p95=1s,',
  'p95=1s,p95=2s',
  'p95=-1s',
  'p95=1s;errors=1%',
])('%j is no list of thresholds', (text) => {
  expect(parseSlo(text)).toBeUndefined()
})

test('whatever is written is read back: name, limit and order', () => {
  const latency = fc
    .tuple(
      fc.constantFrom('', 'service.'),
      fc.constantFrom('p50', 'p90', 'p95', 'p99', 'max', 'mean'),
      fc.integer({ min: 1, max: 1e6 }),
    )
    .map(([of, name, ms]) => ({ name: of + name, text: `${String(ms)}ms`, limit: ms / 1000 }))
  const share = fc
    .tuple(fc.constantFrom('errors', 'rate'), fc.integer({ min: 0, max: 1000 }))
    .map(([name, tenths]) => ({ name, text: `${(tenths / 10).toFixed(1)}%`, limit: tenths / 1000 }))
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(latency, share), { selector: ({ name }) => name, minLength: 1 }),
      (parts) => {
        const parsed = parseSlo(parts.map(({ name, text }) => `${name}=${text}`).join(', '))
        expect(parsed?.map(sloName)).toEqual(parts.map(({ name }) => name))
        for (const [at, { limit }] of parts.entries()) {
          expect(parsed?.[at]?.limit).toBeCloseTo(limit, 12)
        }
      },
    ),
  )
})
