import { expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { ask, chineseText, metricValue, rerank, testServer } from './support.ts'

const pairs = 25
const pairsAccepted = 100
/** Together they offer four times what the server accepts at once. */
const callers = (4 * pairsAccepted) / pairs
const answersWanted = 40

const mean = (values: readonly number[]) =>
  values.reduce((sum, value) => sum + value, 0) / values.length

test('at four times what it accepts, a server answers what it took in bounded time and the rest with 429', async () => {
  const server = await testServer({ maximumPairs: pairsAccepted })
  const texts = Array.from({ length: pairs }, (_, at) => chineseText(80, at))
  const accepted: number[] = []
  const retryAfter: (string | null)[] = []
  const queued: number[] = []
  const healths: number[] = []
  const running = () => accepted.length < answersWanted
  try {
    const start = systemClock.monotonicSeconds()
    const calling = Array.from({ length: callers }, async () => {
      while (running()) {
        const sent = systemClock.monotonicSeconds()
        const { status, headers } = await rerank(server, { query: '学习', texts })
        if (status === 200) {
          accepted.push(systemClock.monotonicSeconds() - sent)
          continue
        }
        expect(status).toBe(429)
        retryAfter.push(headers.get('retry-after'))
        await systemClock.sleep(0.05)
      }
    })
    const probing = async () => {
      while (running()) {
        healths.push((await ask(`${server.url}/health`)).status)
        queued.push(await metricValue(server, 'reranker_queue_pairs'))
      }
    }
    await Promise.all([...calling, probing()])
    const seconds = systemClock.monotonicSeconds() - start

    // Little's law: what is in the server at once, over what leaves it, is how long it stays on average.
    const longestMeanSeconds = pairsAccepted / ((accepted.length * pairs) / seconds)
    const p95 = accepted.sort((a, b) => a - b)[Math.floor(0.95 * accepted.length)]!
    expect(mean(accepted)).toBeLessThan(1.5 * longestMeanSeconds)
    expect(p95).toBeLessThan(3 * longestMeanSeconds)

    expect(retryAfter.length).toBeGreaterThan(0)
    for (const value of retryAfter) expect(value).toMatch(/^[1-9]\d?$/)
    expect(Math.max(...queued)).toBeLessThanOrEqual(pairsAccepted)
    expect(Math.max(...queued)).toBeGreaterThan(0)
    expect(new Set(healths)).toEqual(new Set([200]))
    const refused = 'reranker_errors_total{class="overloaded"}'
    expect(await metricValue(server, refused)).toBe(retryAfter.length)
    expect(await metricValue(server, 'reranker_pairs_total')).toBe(accepted.length * pairs)
    expect(await metricValue(server, 'reranker_in_flight_requests')).toBe(0)
  } finally {
    await server.close()
  }
})
