import { expect, test } from 'vitest'
import { deviceFor } from '../../reference-server/device.ts'

const model = { name: 'm', form: 'padded', dtype: 'float32' } as const

test.each([
  [{}, 'auto', false, 'auto'],
  [{}, 'cuda:1', false, 'cuda:1'],
  [{ form: 'packed' }, 'auto', false, 'cuda'],
  [{ form: 'packed' }, 'cuda:0,cuda:1', false, 'cuda:0,cuda:1'],
  [{ dtype: 'int8' }, 'auto', false, 'cpu'],
  [{ dtype: 'int8' }, 'auto', true, 'auto'],
  [{ dtype: 'int8' }, 'cuda', false, 'cuda'],
] as const)('%j with --device %s, required: %s', (own, choice, required, device) => {
  expect(deviceFor({ ...model, ...own }, choice, required)).toBe(device)
})

test('a packed graph has no place on the CPU, and the sentence says what to do', () => {
  expect(() => deviceFor({ ...model, form: 'packed' }, 'cpu', false)).toThrow(/--form padded/)
})
