import { expect, test } from 'vitest'
import { startServer } from '../../reference-server/index.ts'
import { systemClock } from '../../core/clock.ts'
import { ask, chineseText, metricValue, rerank, serverDefaults, testServer } from './support.ts'

const documents = (count: number, seed: number) =>
  Array.from({ length: count }, (_, at) => chineseText(600, seed * 1000 + at))

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
    return true
  } catch {
    return false
  }
}

test('the inference process is killed under load: every request gets 200 or 503, and it comes back', async () => {
  const server = await testServer()
  try {
    const victim = server.inferenceProcessId()!
    const statuses: number[] = []
    let running = true
    const callers = Array.from({ length: 4 }, async (_, caller) => {
      for (let call = 0; running; call += 1) {
        const { status, text } = await rerank(server, {
          query: '学习',
          texts: documents(30, caller * 50 + (call % 10)),
        })
        statuses.push(status)
        if (status === 503) {
          expect(text).toBe('{"error":"unhealthy","error_type":"Unhealthy"}')
          await systemClock.sleep(0.02)
        }
      }
    })
    await expect.poll(() => metricValue(server, 'reranker_pairs_total')).toBeGreaterThan(60)
    process.kill(victim, 'SIGKILL')
    await expect.poll(async () => (await ask(`${server.url}/health`)).status).toBe(503)
    await expect
      .poll(async () => (await ask(`${server.url}/health`)).status, { timeout: 15_000 })
      .toBe(200)
    running = false
    await Promise.all(callers)
    expect(new Set(statuses)).toEqual(new Set([200, 503]))
    expect((await rerank(server, { query: 'q', texts: ['a'] })).status).toBe(200)
    expect(await metricValue(server, 'rerankscope_inference_restarts_total')).toBe(1)
    expect(await metricValue(server, 'reranker_in_flight_requests')).toBe(0)
    expect(server.lines.join('\n')).toContain('The inference process died (SIGKILL)')
    expect(server.inferenceProcessId()).not.toBe(victim)
  } finally {
    await server.close()
  }
})

test('a stop answers what was accepted, takes no more, and leaves no process behind', async () => {
  const server = await testServer()
  const processId = server.inferenceProcessId()!
  const accepted = Array.from({ length: 6 }, (_, at) =>
    rerank(server, { query: '学习', texts: documents(50, at) }),
  )
  await expect
    .poll(() => metricValue(server, 'reranker_in_flight_requests'), { interval: 2 })
    .toBeGreaterThanOrEqual(3)
  const inFlight = await metricValue(server, 'reranker_in_flight_requests')
  const closed = server.close()
  const outcomes = await Promise.allSettled(accepted)
  await closed
  const answered = outcomes.filter(
    (outcome) => outcome.status === 'fulfilled' && outcome.value.status === 200,
  )
  expect(answered.length).toBeGreaterThanOrEqual(inFlight)
  expect(isAlive(processId)).toBe(false)
  await expect(ask(`${server.url}/health`)).rejects.toThrow()
})

test.each([
  [{ device: 'cuda' as const }, 3, /--device cpu/],
  [{ dtype: 'float16' }, 2, /float32/],
  [{ model: 'no-such-model' }, 2, /embedded/],
  [{ model: '.' }, 2, /model\.onnx/],
  [{ model: 'a'.repeat(300) }, 2, /embedded/],
  [{ maximumTokens: 513 }, 2, /512/],
  [{ maximumBatchTokens: 100 }, 2, /--max-batch-tokens 100/],
  [{ host: '203.0.113.1' }, 3, /--host/],
])('refuses to start with %j, in one sentence', async (options, exitCode, about) => {
  const starting = startServer(
    { ...serverDefaults, ...options },
    { clock: systemClock, log: () => undefined },
  )
  const error = await starting.then(
    async (server) => {
      await server.close()
      return undefined
    },
    (thrown: unknown) => thrown as Error,
  )
  expect(error?.message).toMatch(about)
  expect(error?.message).not.toContain('\n')
  expect(error).toMatchObject({ exitCode })
})

test('a port in use is said so', async () => {
  const server = await testServer()
  try {
    const port = Number(new URL(server.url).port)
    await expect(testServer({ port })).rejects.toThrow(/is in use: choose another with --port/)
  } finally {
    await server.close()
  }
})
