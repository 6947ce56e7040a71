import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { MetricsPage } from '../../../sidecar/export/metrics-page.ts'

const text = 'text/plain; version=0.0.4; charset=utf-8'
const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8'

function pageOf(render: () => Promise<string> = () => Promise.resolve('# TYPE a gauge\na 1\n')) {
  let picture = {}
  let renders = 0
  let now = 0
  return {
    page: new MetricsPage({
      render: () => {
        renders += 1
        return render()
      },
      picture: () => picture,
      nowSeconds: () => now,
    }),
    at: (seconds: number) => (now = seconds),
    change: () => (picture = {}),
    renders: () => renders,
  }
}

/** What Prometheus 2 and 3 send. */
const prometheus2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
const prometheus3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'

test.each([
  [undefined, text],
  ['', text],
  ['*/*', text],
  ['text/plain', text],
  ['text/html', text],
  ['application/openmetrics-text', openMetrics],
  ['application/openmetrics-text; version=1.0.0; charset=utf-8', openMetrics],
  ['application/openmetrics-text;version=0.0.1', text],
  ['application/openmetrics-text;q=0.4, text/plain;version=0.0.4;q=0.5', text],
  ['application/openmetrics-text;version=1.0.0;q=0, */*', text],
  [prometheus2, openMetrics],
  [prometheus3, openMetrics],
  [';;;=,,q=', text],
])('Accept: %s', async (accept, contentType) => {
  const answer = await pageOf().page.answer({ accept })
  expect(answer.contentType).toBe(contentType)
  expect(String(answer.body)).toBe(
    contentType === text ? '# TYPE a gauge\na 1\n' : '# TYPE a gauge\na 1\n# EOF\n',
  )
})

test.each([
  [undefined, undefined],
  ['identity', undefined],
  ['gzip', 'gzip'],
  ['gzip, deflate, br', 'gzip'],
  ['gzip;q=0', undefined],
  ['*', 'gzip'],
  ['br', undefined],
])('Accept-Encoding: %s', async (given, encoding) => {
  const answer = await pageOf().page.answer({ 'accept-encoding': given })
  expect(answer.encoding).toBe(encoding)
  const body = encoding === 'gzip' ? gunzipSync(answer.body) : answer.body
  expect(String(body)).toBe('# TYPE a gauge\na 1\n')
})

test('one render serves every scrape of one picture, in whatever format', async () => {
  const { page, change, renders } = pageOf()
  const ask = () =>
    Promise.all([
      ...Array.from({ length: 10 }, () => page.answer({})),
      page.answer({ 'accept-encoding': 'gzip' }),
      page.answer({ 'accept-encoding': 'gzip', accept: prometheus3 }),
    ])
  const bodies = (await ask()).slice(0, 10).map(({ body }) => body)
  // The same bytes, not equal ones.
  expect(new Set(bodies).size).toBe(1)
  await ask()
  expect(renders()).toBe(1)
  change()
  await ask()
  expect(renders()).toBe(2)
})

test('a render that failed is not kept', async () => {
  let broken = true
  const { page } = pageOf(() =>
    broken ? Promise.reject(new Error('broken')) : Promise.resolve('a 1\n'),
  )
  await expect(page.answer({})).rejects.toThrow('broken')
  await expect(page.answer({ 'accept-encoding': 'gzip' })).rejects.toThrow('broken')
  broken = false
  expect(String((await page.answer({})).body)).toBe('a 1\n')
})

test('what the next scrape will ask for is rendered ahead, when one is due before the next reading', async () => {
  const { page, change, renders, at } = pageOf()
  const zipped = { 'accept-encoding': 'gzip' }
  const readings = async (...times: readonly number[]) => {
    for (const time of times) {
      at(time)
      change()
      await page.prepare(1)
    }
  }
  await readings(1, 2, 3)
  expect(renders()).toBe(0)
  await page.answer(zipped)
  at(8)
  await page.answer(zipped)
  await readings(9, 10, 11, 11.9)
  expect(renders()).toBe(1)
  await readings(12)
  expect(renders()).toBe(2)
  at(12.5)
  const answer = await page.answer(zipped)
  expect(renders()).toBe(2)
  expect(String(gunzipSync(answer.body))).toBe('# TYPE a gauge\na 1\n')
})

test('a render ahead that fails is told to who asks, and to nobody else', async () => {
  const { page, at } = pageOf(() => Promise.reject(new Error('broken')))
  for (const second of [1, 2]) {
    at(second)
    await expect(page.answer({})).rejects.toThrow('broken')
  }
  at(3)
  await expect(page.prepare(1)).resolves.toBeUndefined()
})
