import fc from 'fast-check'
import { expect, test } from 'vitest'
import { toFloat16 } from '../../../reference-server/model/float16.ts'
import { fromFloat16 } from './float16.ts'

test.each([
  [0, 0x0000],
  [-0, 0x8000],
  [1, 0x3c00],
  [-1, 0xbc00],
  [0.5, 0x3800],
  [65504, 0x7bff],
  [65520, 0x7c00],
  [Infinity, 0x7c00],
  [-Infinity, 0xfc00],
  [NaN, 0x7e00],
  [2 ** -14, 0x0400],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [2047.5 * 2 ** -11, 0x3c00],
])('%d is %i', (value, bits) => {
  expect(toFloat16(Float32Array.of(value))[0]).toBe(bits)
})

test('every half survives the way to float32 and back', () => {
  const all = Uint16Array.from({ length: 0x7c01 }, (_, bits) => bits)
  expect(toFloat16(Float32Array.from(all, fromFloat16))).toEqual(all)
})

test('no other half is nearer', () => {
  fc.assert(
    fc.property(fc.float({ min: Math.fround(-60000), max: 60000, noNaN: true }), (value) => {
      const bits = toFloat16(Float32Array.of(value))[0]!
      const distance = Math.abs(fromFloat16(bits) - value)
      for (const other of [bits - 1, bits + 1]) {
        const half = fromFloat16(other & 0xffff)
        if (Number.isFinite(half)) expect(distance).toBeLessThanOrEqual(Math.abs(half - value))
      }
    }),
  )
})
