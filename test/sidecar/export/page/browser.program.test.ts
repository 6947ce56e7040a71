import { chromium, type Browser, type Page } from 'playwright-core'
import type { FastifyInstance } from 'fastify'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../../../core/clock.ts'
import { policy } from '../../../../core/policy.ts'
import { listen } from '../../../../sidecar/export/listen.ts'
import { MetricsPage } from '../../../../sidecar/export/metrics-page.ts'
import { Live } from '../../../../sidecar/export/page/live.ts'
import { close, createServer } from '../../../../sidecar/export/server.ts'
import { describeWithProgram } from '../../../programs.ts'
import { snapshotOf } from './support.ts'

describeWithProgram('chromium', 'the status page in a browser', () => {
  let browser: Browser
  let server: FastifyInstance
  let url: string
  let snapshot = snapshotOf()
  const stop = new AbortController()
  let running: Promise<void>

  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
    const live = new Live({
      clock: systemClock,
      snapshot: () => snapshot,
      intervalSeconds: 0.25,
      policy,
      version: '1.2.3',
    })
    server = createServer({
      metrics: new MetricsPage({
        render: () => Promise.resolve(''),
        picture: () => snapshot,
        nowSeconds: () => 0,
      }),
      snapshot: () => snapshot,
      ready: () => true,
      live,
      clock: systemClock,
      web: undefined,
    })
    url = await listen(server, { host: '127.0.0.1', port: 0 })
    running = live.run(stop.signal)
  })
  afterAll(async () => {
    await browser.close()
    stop.abort()
    await running
    await close(server, systemClock)
  })

  let page: Page
  const complaints: string[] = []
  beforeEach(() => complaints.splice(0))
  afterEach(() => page.close())

  /** Collects everything that a page should not do: errors, refusals of its policy, other addresses. */
  async function open(options: Parameters<Browser['newPage']>[0]) {
    page = await browser.newPage(options)
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('request', (request) => {
      const address = request.url()
      if (!address.startsWith(url) && !address.startsWith('data:')) complaints.push(address)
    })
    await page.goto(`${url}/`)
  }
  const fits = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth')

  test.each([
    ['light', 1100],
    ['dark', 1100],
    ['light', 360],
  ] as const)(
    '%s, %i px wide: draws, asks nobody else, complains of nothing',
    async (colorScheme, width) => {
      await open({ colorScheme, viewport: { width, height: 800 } })
      await page.locator('html[data-drawn="5"]').waitFor({ state: 'attached' })
      await page.locator('#live.good').waitFor()
      expect(await page.locator('.uplot canvas').count()).toBe(5)
      // Drawn, not blank: the chart of the utilisation has four bands, a line and words.
      const colours = await page.evaluate(`(() => {
      const canvas = document.querySelector('#chart-utilization canvas')
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Set()
      for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 4).join())
      return seen.size
    })()`)
      expect(colours).toBeGreaterThan(10)
      // Styled: a sheet that the policy refuses would leave the browser's own look.
      expect(
        await page.evaluate("getComputedStyle(document.querySelector('.card')).borderRadius"),
      ).toBe('12px')
      expect(await fits()).toBe(true)
      expect(complaints).toEqual([])
    },
  )

  test('follows what changes without a reload, and says when the connection is lost', async () => {
    snapshot = snapshotOf()
    await open({ viewport: { width: 800, height: 800 } })
    await page.locator('#guidance', { hasText: 'Remove a replica.' }).waitFor()
    await page.locator('#live.good').waitFor()
    await page.evaluate("document.querySelector('#sources table').dataset.mark = 'first paint'")
    snapshot = snapshotOf({
      guidance: { state: 'scale_out', reasons: ['it is full'], recommendation: 'Add a replica.' },
    })
    await page.locator('#guidance .pill.bad', { hasText: 'scale out' }).waitFor()
    expect(await page.locator('#guidance .advice').textContent()).toBe('Add a replica.')
    expect(await page.locator('#guidance').getAttribute('aria-live')).toBe('polite')
    await page.locator('#chart-utilization .u-over').hover()
    expect(await page.locator('#value-utilization').textContent()).toMatch(/^$|\d\d:\d\d:\d\d/)
    expect(complaints).toEqual([])
    server.server.closeAllConnections()
    await page.locator('#live', { hasText: 'connection lost' }).waitFor()
    await page.locator('#live.good').waitFor()
  })

  test('without JavaScript the first paint says all but the charts', async () => {
    snapshot = snapshotOf()
    await open({ javaScriptEnabled: false })
    expect(await page.locator('#guidance').textContent()).toContain('Remove a replica.')
    expect(await page.locator('#tiles').textContent()).toContain('72 %')
    expect(await page.locator('#sources').textContent()).toContain('refused the connection')
  })
})
