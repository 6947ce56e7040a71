import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startServer } from '../../reference-server/index.ts'
import { systemClock, within } from '../../core/clock.ts'
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
    await expect
      .poll(() => metricValue(server, 'reranker_pairs_total'), { timeout: 10_000 })
      .toBeGreaterThan(60)
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

test('an inference process that hangs is ended and started again', async () => {
  const server = await testServer({ hangSeconds: 0.3 })
  try {
    const victim = server.inferenceProcessId()!
    process.kill(victim, 'SIGSTOP')
    const { status } = await rerank(server, { query: 'q', texts: ['a'] })
    expect(status).toBe(503)
    await expect
      .poll(async () => (await ask(`${server.url}/health`)).status, { timeout: 15_000 })
      .toBe(200)
    expect((await rerank(server, { query: 'q', texts: ['a'] })).status).toBe(200)
    expect(server.inferenceProcessId()).not.toBe(victim)
    expect(server.lines).toContain('A batch has not come back for 300 ms: it hangs.')
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

/** One request as it goes over the wire. */
function wire(body: unknown): string {
  const json = JSON.stringify(body)
  const length = String(Buffer.byteLength(json))
  return `POST /rerank HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n${json}`
}

test('pipelined requests whose caller hung up do not hold up a stop', async () => {
  const server = await testServer({ drainSeconds: 60 })
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
  socket.write(wire({ query: '学习', texts: documents(400, 7) }))
  await expect
    .poll(() => metricValue(server, 'reranker_in_flight_requests'), { interval: 2 })
    .toBe(1)
  socket.write(wire({ query: 'q', texts: ['a'] }).repeat(2))
  await expect
    .poll(() => metricValue(server, 'reranker_documents_per_query_count'), { interval: 2 })
    .toBe(3)
  socket.destroy()
  await expect.poll(() => metricValue(server, 'reranker_in_flight_requests')).toBe(0)
  const inTime = await within(systemClock, 10, server.close())
  expect(inTime).toBe(true)
}, 20_000)

test('who comes while the server stops is told so in the words of TEI', async () => {
  const server = await testServer()
  const late = connect(Number(new URL(server.url).port), '127.0.0.1')
  let answer = ''
  late.on('data', (data) => {
    answer += data.toString()
  })
  const message = wire({ query: 'q', texts: ['a'] })
  // Half a head: the connection is not idle, so that a stop does not cut it at once.
  late.write(message.slice(0, 20))
  const accepted = rerank(server, { query: '学习', texts: documents(300, 8) })
  await expect
    .poll(() => metricValue(server, 'reranker_in_flight_requests'), { interval: 2 })
    .toBe(1)
  const closed = server.close()
  late.write(message.slice(20))
  await once(late, 'close')
  expect(answer).toMatch(/^HTTP\/1\.1 503 /)
  expect(answer).toMatch(/\r\n\r\n\{"error":"unhealthy","error_type":"Unhealthy"\}$/)
  expect((await accepted).status).toBe(200)
  await closed
})

test.each([
  [{ device: 'cuda' as const }, 3, /--device cpu/],
  [{ dtype: 'float64' }, 2, /fp32, fp16, int8/],
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
