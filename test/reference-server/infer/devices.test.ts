import { expect, test } from 'vitest'
import { parseDevices, usualBatchTokens } from '../../../reference-server/infer/devices.ts'

test.each([
  ['auto', false, [{ kind: 'auto' }]],
  ['auto', true, [{ kind: 'cuda' }]],
  ['cpu', false, [{ kind: 'cpu' }]],
  ['cuda', false, [{ kind: 'cuda' }]],
  ['cuda:1', false, [{ kind: 'cuda', index: 1 }]],
  [
    'cuda:0, cuda:2',
    true,
    [
      { kind: 'cuda', index: 0 },
      { kind: 'cuda', index: 2 },
    ],
  ],
])('%s (required: %s)', (text, require, wishes) => {
  expect(parseDevices(text, require)).toEqual(wishes)
})

test.each(['', 'gpu', 'cuda:', 'cuda:x', 'cuda:0,cpu', 'cuda:0,cuda:0', 'cuda:0,'])(
  '%s is refused',
  (text) => {
    expect(() => parseDevices(text, false)).toThrow(/give auto, cuda, cpu, or GPUs by number/)
  },
)

test.each([
  ['cpu', 512, 4096],
  ['cpu', 8192, 8192],
  ['cuda', 512, 16_384],
  ['cuda:0,cuda:1', 512, 16_384],
])('on %s a batch of pairs of up to %i tokens has %i', (device, maximumTokens, tokens) => {
  expect(usualBatchTokens(device, maximumTokens)).toBe(tokens)
})
