import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { columnsOf } from '../../../sidecar/normalise/nvidia-fields.ts'
import type { Child } from '../../../sidecar/sources/nvidia-smi/child.ts'
import { RowReader } from '../../../sidecar/sources/nvidia-smi/reader.ts'
import { FakeClock } from '../fake-clock.ts'

/** As far as a reader knows of it: one that runs and has nothing else to say. */
const running = {
  ended: new Promise(() => undefined),
  forget: () => undefined,
} as unknown as Child

test('a reading is over once all that are known have a row; otherwise 20 ms are waited for more', async () => {
  const clock = new FakeClock()
  let print: (chunk: string) => void = () => undefined
  const reader = new RowReader({
    columns: columnsOf('index, uuid, utilization.gpu [%]'),
    known: new Map(),
    clock,
    launch: ({ onStdout }) => {
      print = onStdout
      return running
    },
  })
  let indices: readonly string[] | undefined
  const begin = () => {
    indices = undefined
    void reader.read(new AbortController().signal).then((samples) => {
      indices = samples.map(({ index }) => index)
    })
  }
  const [first, second] = ['0, GPU-a, 5 %\n', '1, GPU-b, 6 %\n']
  const printed = async (chunk: string) => {
    print(chunk)
    await setImmediate()
    return indices
  }

  begin()
  expect(await printed(first)).toBeUndefined()
  expect(await printed(second)).toBeUndefined()
  await clock.advance(0.02)
  expect(indices).toEqual(['0', '1'])

  begin()
  expect(await printed(first + second)).toEqual(['0', '1'])

  begin()
  expect(await printed(second)).toBeUndefined()
  await clock.advance(0.02)
  expect(indices).toEqual(['1'])
})
