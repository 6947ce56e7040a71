import { delimiter, resolve } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { DeviceWatch } from '../../commands/bench/device-watch.ts'
import { systemClock } from '../../core/clock.ts'

const stand = resolve(import.meta.dirname, '../fixtures/bin')
const usual = process.env['PATH'] ?? ''
const context = { clock: systemClock, signal: new AbortController().signal }
const mebibyte = 1024 * 1024

afterEach(() => {
  vi.unstubAllEnvs()
})

test('sees the memory of the GPUs and of their processes, as nvidia-smi tells it', async () => {
  const path = `${stand}${delimiter}${usual}`
  vi.stubEnv('PATH', path)
  const watch = await DeviceWatch.open({ ...context, path })
  try {
    await vi.waitFor(
      async () => {
        const { usedBytes, processes } = await watch!.look()
        // Two GPUs of the stand-in: 2 and 3 GiB.
        expect(usedBytes).toBe(5 * 1024 * mebibyte)
        expect([...processes.values()].length).toBeGreaterThan(0)
        expect([...processes.values()].every((bytes) => bytes >= 5 * mebibyte)).toBe(true)
      },
      { timeout: 20_000, interval: 200 },
    )
  } finally {
    await watch?.close()
  }
})

test('on a machine without nvidia-smi nothing is started', async () => {
  expect(await DeviceWatch.open({ ...context, path: '/nonexistent' })).toBeUndefined()
})
