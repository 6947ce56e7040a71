import { expect, test } from 'vitest'
import { agreementOf } from '../../../loadgen/index.ts'
import type { Summary } from '../../../loadgen/measure/run-file.ts'

function measured(name: string, p95: number | null, interval: [number, number] | null, ok = 150) {
  return {
    engine: { name },
    totals: { succeeded: ok },
    latencySeconds: { response: { p95, p95Interval: interval } },
  } as unknown as Summary
}
const one = measured('autocannon', 0.1, [0.09, 0.12])

test.each([
  [
    measured('k6', 0.115, [0.11, 0.13]),
    true,
    'autocannon and k6 agree: autocannon p95 100 ms (90.0 ms … 120 ms), k6 p95 115 ms (110 ms … 130 ms); the intervals overlap.',
  ],
  [
    measured('k6', 0.2, [0.15, 0.3]),
    false,
    'autocannon and k6 do not agree: autocannon p95 100 ms (90.0 ms … 120 ms), k6 p95 200 ms (150 ms … 300 ms); the intervals lie apart.',
  ],
  [
    measured('k6', 0.1, [0.09, 0.12], 149),
    false,
    'autocannon and k6 do not agree: 150 and 149 requests succeeded.',
  ],
  [measured('k6', null, null), false, 'autocannon and k6 do not agree: one of them has no p95.'],
])('%#', (other, agree, sentence) => {
  expect(agreementOf(one, other)).toEqual({ agree, sentence })
})
