import { expect, test } from 'vitest'
import { present } from '../../core/assert.ts'
import { systemClock } from '../../core/clock.ts'
import { quantile } from '../../core/histogram.ts'
import { metrics } from '../../core/metrics.ts'
import { parsePrometheusText } from '../../sidecar/normalise/prometheus-text.ts'
import { histogramSum } from '../../sidecar/normalise/series.ts'
import { ask, chineseText, metricValue, rerank, testServer } from './support.ts'

const pairs = 25
const pairsAccepted = 100
/** Together they offer four times what the server accepts at once. */
const callers = (4 * pairsAccepted) / pairs
const answersWanted = 200

test('at four times what it accepts, a server answers what it took in bounded time and the rest with 429', async () => {
  const server = await testServer({ maximumPairs: pairsAccepted })
  const texts = Array.from({ length: pairs }, (_, at) => chineseText(80, at))
  let accepted = 0
  const retryAfter: (string | null)[] = []
  const queued: number[] = []
  const healths: number[] = []
  const running = () => accepted < answersWanted
  try {
    const start = systemClock.monotonicSeconds()
    const calling = Array.from({ length: callers }, async () => {
      while (running()) {
        const { status, headers } = await rerank(server, { query: '学习', texts })
        if (status === 200) {
          accepted += 1
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

    // Little's law: all stays together are no longer than the time, as often as there is room for a
    // request. Half as much again is what a request may wait to be read; all callers at once would
    // stay four times as long.
    const stays = await metricValue(server, 'reranker_request_duration_seconds_sum')
    const room = pairsAccepted / pairs
    expect(stays).toBeLessThan(1.5 * room * seconds)
    const page = parsePrometheusText(await (await fetch(`${server.url}/metrics`)).text())
    const durations = present(histogramSum(page, metrics.requestDuration.name), 'durations')
    const p95 = present(quantile(durations, 0.95), 'p95').value
    expect(p95).toBeLessThan((3 * room * seconds) / accepted)

    expect(retryAfter.length).toBeGreaterThan(0)
    for (const value of retryAfter) expect(value).toMatch(/^[1-9]\d?$/)
    expect(Math.max(...queued)).toBeLessThanOrEqual(pairsAccepted)
    expect(Math.max(...queued)).toBeGreaterThan(0)
    expect(new Set(healths)).toEqual(new Set([200]))
    const refused = 'reranker_errors_total{class="overloaded"}'
    expect(await metricValue(server, refused)).toBe(retryAfter.length)
    expect(await metricValue(server, 'reranker_pairs_total')).toBe(accepted * pairs)
    expect(await metricValue(server, 'reranker_in_flight_requests')).toBe(0)
  } finally {
    await server.close()
  }
})
