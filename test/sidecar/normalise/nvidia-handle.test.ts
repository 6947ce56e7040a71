import fc from 'fast-check'
import { expect, test } from 'vitest'
import { normaliseHandleLine } from '../../../sidecar/normalise/nvidia-handle.ts'
import { gpuSample } from '../samples.ts'

const known = [gpuSample({ uuid: 'GPU-k', index: '3', pciBusId: '00000000:3B:00.0' })]

test.each([
  ['Unable to determine the device handle for GPU 0000:3B:00.0: Unknown Error', 'unknown_error'],
  ['Unable to determine the device handle for GPU0000:3B:00.0: Unknown Error', 'unknown_error'],
  ['Unable to determine the device handle for gpu 0000:3b:00.0: Unknown Error', 'unknown_error'],
  ['Unable to detect the device handle for GPU0000:3B:00.0: Unknown Error', 'unknown_error'],
  [
    'Unable to determine the device handle for GPU 00000000:3B:00.0: GPU is lost.  Reboot the system to recover this GPU',
    'lost',
  ],
])('%s', (line, state) => {
  expect(normaliseHandleLine(line, known)).toEqual({
    uuid: 'GPU-k',
    index: '3',
    name: 'Test Accelerator',
    kind: 'nvidia',
    driverVersion: '570.10',
    pciBusId: '00000000:3B:00.0',
    state,
    utilizationMeasurable: true,
  })
})

test('a GPU that was never seen is known by its address', () => {
  const line = 'Unable to determine the device handle for GPU 0000:1A:00.0: GPU requires reset'
  expect(normaliseHandleLine(line, known)).toMatchObject({
    uuid: 'unknown-00000000:1A:00.0',
    index: '00000000:1A:00.0',
    state: 'requires_reset',
  })
})

test('any other line is none', () => {
  fc.assert(
    fc.property(fc.string(), (line) => {
      expect(normaliseHandleLine(line, known)).toBeUndefined()
    }),
  )
})
