import { expect, test } from 'vitest'
import {
  parseDevices,
  usualBatchTokens,
  wishAgain,
} from '../../../reference-server/infer/devices.ts'

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

test('a process that died on the GPU is started there again, some times before the CPU takes over', () => {
  const auto = { kind: 'auto' } as const
  const wishes = [1, 2, 3, 4, 5].map((attempt) => wishAgain(auto, 'cuda', attempt).kind)
  expect(wishes).toEqual(['cuda', 'cuda', 'cuda', 'cuda', 'auto'])
  expect(wishAgain(auto, 'cpu', 1)).toBe(auto)
  const second = { kind: 'cuda', index: 1 } as const
  expect(wishAgain(second, 'cuda:1', 1)).toBe(second)
})
