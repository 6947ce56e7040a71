import { expect, test } from 'vitest'
import { ticksOf } from '../../../dashboards/preview/ticks.ts'
import { formatValue, scaleOf } from '../../../dashboards/preview/units.ts'

test.each([
  ['percentunit', 0.734, '73.4 %'],
  ['percent', 73.4, '73.4 %'],
  ['s', 0, '0 s'],
  ['s', 0.000_05, '50 µs'],
  ['s', 0.1234, '123 ms'],
  ['s', 5, '5 s'],
  ['s', 300, '5 min'],
  ['s', 200_000, '2.31 d'],
  ['ms', 1500, '1.5 s'],
  ['bytes', 1536, '1.5 KiB'],
  ['bytes', 24 * 2 ** 30, '24 GiB'],
  ['decbytes', 2e9, '2 GB'],
  ['watt', 72.25, '72.3 W'],
  ['watt', 1500, '1.5 kW'],
  ['joule', 3_600_000, '3.6 MJ'],
  ['hertz', 1.59e9, '1.59 GHz'],
  ['celsius', 64, '64 °C'],
  ['short', 12_345, '12.3 K'],
  ['short', -2_000_000, '-2 Mil'],
  ['reqps', 20, '20 req/s'],
  ['cps', 1000, '1 K c/s'],
  ['none', 3.14159, '3.14'],
  ['suffix: pairs', 12, '12 pairs'],
])('%s %d reads %s', (unit, value, text) => {
  expect(formatValue(unit, value)).toBe(text)
})

test('decimals that a panel asks for stand', () => {
  expect(formatValue('s', 0.1, 2)).toBe('100.00 ms')
  expect(formatValue('s', Infinity)).toBe('∞')
})

test('an axis has round values in one scale, both ends included where they are round', () => {
  const milliseconds = scaleOf('s', 0.4)
  expect(ticksOf(0, 0.4, milliseconds)).toEqual(
    [0, 0.1, 0.2, 0.3, 0.4].map((at) => ({ at, text: at === 0 ? '0' : `${String(at * 1000)} ms` })),
  )
  expect(ticksOf(0, 1, scaleOf('percentunit', 1)).map(({ text }) => text)).toEqual([
    '0',
    '25 %',
    '50 %',
    '75 %',
    '100 %',
  ])
  expect(ticksOf(0, 3 * 2 ** 30, scaleOf('bytes', 3 * 2 ** 30)).map(({ text }) => text)).toEqual([
    '0',
    '1 GiB',
    '2 GiB',
    '3 GiB',
  ])
})
