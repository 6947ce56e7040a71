import { expect, test } from 'vitest'
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRatio,
  formatSpan,
} from '../../core/units.ts'

test.each([
  [0.0000123, '12 µs'],
  [0.0123, '12.3 ms'],
  [0.4567, '457 ms'],
  [3.25, '3.25 s'],
  [300, '5.0 min'],
])('%d s reads %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test.each([
  [512, '512 B'],
  [2 * 1024 ** 3, '2.00 GiB'],
  [19818 * 1024 ** 2, '19.4 GiB'],
])('%d bytes read %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  [5.0004, '5'],
  [19.97, '20'],
  [0.001, '0.00'],
  [5, '5'],
  [1.234, '1.23'],
  [12.34, '12.3'],
  [1234.5, '1,235'],
])('%d reads %s', (value, text) => {
  expect(formatCount(value)).toBe(text)
})

test('ratios read as whole percent', () => {
  expect(formatRatio(0.734)).toBe('73 %')
})

test.each([
  [29.4, '29 s'],
  [330, '5.5 min'],
  [7199, '120.0 min'],
  [9000, '2.5 h'],
])('%d s of watching read %s', (seconds, text) => {
  expect(formatSpan(seconds)).toBe(text)
})
