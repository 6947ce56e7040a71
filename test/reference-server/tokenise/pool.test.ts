import { Worker } from 'node:worker_threads'
import { afterEach, expect, test, vi } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { embeddedRecipe } from '../../../reference-server/model/embedded/index.ts'
import { TokeniserPool } from '../../../reference-server/tokenise/pool.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const { tokenizerJson, tokenizerConfigJson } = embeddedRecipe()

test('a worker that cannot start again is tried ever less often, and taken back when it can', async () => {
  const setup = { tokenizerJson, tokenizerConfigJson }
  const lines: string[] = []
  const waits: number[] = []
  let wake: () => void = () => undefined
  const sleep = (seconds: number) => {
    waits.push(seconds)
    return new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  const pool = await TokeniserPool.start({
    setup,
    workers: 1,
    clock: { sleep },
    log: (line) => lines.push(line),
  })
  try {
    const posted = vi.spyOn(Worker.prototype, 'postMessage')
    const before = await pool.encode(['机器 panda'], 10, 'right')
    // Too much to be done before the worker is gone.
    const interrupted = pool.encode(Array<string>(20_000).fill('机器学习'), 10, 'right')
    setup.tokenizerJson = 'damaged'
    await (posted.mock.contexts[0] as Worker).terminate()
    await expect(interrupted).rejects.toMatchObject({ kind: 'unhealthy' })
    expect(pool.ready).toBe(false)
    await expect(pool.encode(['a'], 10, 'right')).rejects.toMatchObject({ kind: 'unhealthy' })
    for (const attempts of [1, 2, 3]) {
      wake()
      await expect.poll(() => waits.length).toBe(attempts + 1)
      expect(lines).toHaveLength(attempts)
    }
    expect(waits).toEqual([0.25, 0.5, 1, 2])
    expect(lines[0]).toMatch(/^A tokeniser worker could not be started again: /)
    setup.tokenizerJson = tokenizerJson
    wake()
    await expect.poll(() => pool.ready).toBe(true)
    expect(await pool.encode(['机器 panda'], 10, 'right')).toEqual(before)
  } finally {
    await pool.close()
  }
})

test('many texts are shared among the workers, few are not, and they keep their order', async () => {
  const pool = await TokeniserPool.start({
    setup: { tokenizerJson, tokenizerConfigJson },
    workers: 2,
    clock: systemClock,
    log: () => undefined,
  })
  try {
    const posted = vi.spyOn(Worker.prototype, 'postMessage')
    const texts = Array.from(
      { length: 100 },
      (_, at) => `${'学'.repeat(at)} panda ${'习'.repeat(200)}`,
    )
    const alone = []
    for (const text of texts) alone.push(...(await pool.encode([text], 128, 'right')))
    const calls = posted.mock.calls.length
    expect(calls).toBe(100)
    expect(await pool.encode(texts, 128, 'right')).toEqual(alone)
    const used = posted.mock.contexts.slice(calls)
    expect([used.length, new Set(used).size]).toEqual([2, 2])
    expect(await pool.encode([], 128, 'right')).toEqual([])
  } finally {
    await pool.close()
  }
})

test('a damaged tokeniser is said so on one line', async () => {
  const start = TokeniserPool.start({
    setup: { tokenizerJson: 'hello\nworld', tokenizerConfigJson },
    workers: 1,
    clock: systemClock,
    log: () => undefined,
  })
  await expect(start).rejects.toMatchObject({
    exitCode: 3,
    message: expect.stringMatching(
      /^The model's tokenizer\.json cannot be used: .+\. Export the model again\.$/,
    ) as string,
  })
})
