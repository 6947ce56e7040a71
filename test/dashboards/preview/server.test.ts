import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FastifyInstance } from 'fastify'
import { parseTargetUrl } from '../../../core/target-url.ts'
import { shippedBoards } from '../../../dashboards/index.ts'
import { prometheusAt } from '../../../dashboards/preview/prometheus.ts'
import { createPreview } from '../../../dashboards/preview/server.ts'
import { timeWindow } from '../../../dashboards/preview/window.ts'
import { loopback, type Loopback } from '../loopback.ts'
import { prometheusStandIn, type PrometheusStandIn } from './prometheus-stand-in.ts'

const boards = shippedBoards()
const nowSeconds = 1_800_000_000

describe('the preview’s pages', () => {
  let prometheus: PrometheusStandIn
  let server: FastifyInstance
  beforeEach(async () => {
    prometheus = await prometheusStandIn()
    server = createPreview({
      boards,
      prometheus: prometheusAt(parseTargetUrl(prometheus.url, '--prometheus')),
      clock: { wallSeconds: () => nowSeconds },
      minutes: 60,
      scrapeSeconds: 15,
    })
  })
  afterEach(async () => {
    await server.close()
    await prometheus.close()
  })
  const get = async (url: string) => server.inject({ url })

  test('/ leads to the first board, whose page runs nothing but its own script', async () => {
    const first = await get('/')
    expect([first.statusCode, first.headers.location]).toEqual([302, boards[0]?.name])
    const { statusCode, headers, body } = await get('/overview')
    expect(statusCode).toBe(200)
    expect(body).toContain('a preview by rerankscope, not Grafana')
    expect(headers['content-security-policy']).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'; connect-src 'self'/,
    )
    expect(body).not.toMatch(/\s(style|onclick)=/)
    expect(body).not.toMatch(/(src|href)="(https?:)?\/\//)
  })

  test('what is chosen is what Prometheus is asked for, in the time that is asked for', async () => {
    await get('/overview?var-instance=gpu-2:9464&minutes=15')
    const ranges = prometheus.asked.filter(({ path }) => path === '/api/v1/query_range')
    expect(ranges.length).toBeGreaterThan(5)
    expect(new Set(ranges.map(({ form }) => form['start']))).toEqual(
      new Set([String(nowSeconds - 15 * 60)]),
    )
    expect(ranges.every(({ form }) => form['step'] === '15')).toBe(true)
    expect(ranges.some(({ form }) => form['query']?.includes('instance=~"gpu-2:9464"'))).toBe(true)
    expect(ranges.some(({ form }) => form['query']?.includes('$'))).toBe(false)
  })

  test('news are the panels alone; one without an answer says so, one that may be empty says why', async () => {
    prometheus.empty = (expression) => /memory_used|memory_total/.test(expression)
    const { panels, charts } = (await get('/picture/overview')).json<{
      panels: { key: string; state: string; markup: string }[]
      charts: Record<string, unknown>
    }>()
    expect(panels.filter(({ state }) => state !== 'drawn')).toMatchObject([
      { state: 'empty', markup: expect.stringContaining('not measured') as string },
    ])
    expect(Object.keys(charts).length).toBeGreaterThan(4)
  })

  test.each([
    ['/nothing', 404, 'There is no board nothing.'],
    ['/overview?minutes=0', 400, 'minutes must be from 1 to 10080.'],
    ['/overview?minutes=1e9', 400, 'minutes must be from 1 to 10080.'],
    ['/picture/none', 404, 'There is no board none.'],
    ['/a/b/c', 404, 'There is no such page.'],
  ])('%s: %i', async (url, status, sentence) => {
    const { statusCode, body } = await get(url)
    expect([statusCode, body]).toEqual([status, `${sentence}\n`])
  })

  test('without its Prometheus a board is one sentence', async () => {
    await prometheus.close()
    const { statusCode, body } = await get('/overview')
    expect(statusCode).toBe(502)
    expect(body).toMatch(
      /^Prometheus at http:\/\/127\.0\.0\.1:\d+ cannot be reached: ECONNREFUSED\.\n$/,
    )
  })
})

describe('what is no answer of a Prometheus is one sentence', () => {
  let server: Loopback | undefined
  afterEach(() => server?.close())

  test.each([
    [
      200,
      'text/html',
      '<html>Log in</html>',
      'answers /api/v1/query with an HTML page (status 200)',
    ],
    [302, 'text/html', '', 'with a redirect to http://elsewhere/login: give the address'],
    [
      401,
      'application/json',
      '{}',
      'answers with status 401: is this its address, and may we ask it?',
    ],
    [
      400,
      'application/json',
      '{"status":"error","error":"bad x"}',
      'Prometheus refuses a query: bad x.',
    ],
    [200, 'application/json', '{"data":{"result":7}}', 'does not answer as a Prometheus does'],
    [200, 'application/json', `[${'1,'.repeat(17 * 1024 * 1024)}1]`, 'with more than 32 MiB'],
  ])('%i %s', async (status, type, body, sentence) => {
    server = await loopback((_, response) => {
      const location = { location: 'http://elsewhere/login?token=s3cret' }
      response.writeHead(status, { 'content-type': type, ...(status === 302 && location) })
      response.end(body)
    })
    const url = server.url.replace('http://', 'http://user:s3cret@')
    const asked = prometheusAt(parseTargetUrl(url, '--prometheus')).instant('up', 1)
    await expect(asked).rejects.toThrow(sentence)
    await expect(asked).rejects.not.toThrow('s3cret')
  })

  test('numbers as Prometheus writes them, and the credential of the address', async () => {
    let credential: string | undefined
    server = await loopback((request, response) => {
      credential = request.headers.authorization
      const values = [
        [15, '+Inf'],
        [30, 'NaN'],
        [45, '1e-3'],
      ]
      const data = { resultType: 'matrix', result: [{ metric: { a: 'b' }, values }] }
      response.end(JSON.stringify({ status: 'success', data }))
    })
    const url = server.url.replace('http://', 'http://user:pass@')
    const series = await prometheusAt(parseTargetUrl(url, '--prometheus')).range(
      'up',
      timeWindow(0, 60, 15),
    )
    expect(series).toEqual([
      {
        labels: { a: 'b' },
        points: [
          [15, Infinity],
          [30, NaN],
          [45, 0.001],
        ],
      },
    ])
    expect(credential).toBe(`Basic ${btoa('user:pass')}`)
  })
})
