import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { parseTargetUrl } from '../../../core/target-url.ts'
import { shippedBoards, startPreview, stillPreview } from '../../../dashboards/index.ts'
import { describeWithProgram } from '../../programs.ts'
import { prometheusStandIn, type PrometheusStandIn } from './prometheus-stand-in.ts'

const boards = shippedBoards()
const nowSeconds = 1_800_000_000

/** Titles of the panels that show nothing, though nobody said that they may. */
const emptyPanels = (page: Page) =>
  page.evaluate(`[...document.querySelectorAll('.panel')]
    .filter((panel) => !['drawn', 'allowed'].includes(panel.dataset.state))
    .map((panel) => panel.dataset.title)`)

describeWithProgram(
  'chromium',
  'the preview in a browser, against a stand-in for Prometheus',
  () => {
    let browser: Browser
    let prometheus: PrometheusStandIn
    let preview: Awaited<ReturnType<typeof startPreview>>
    beforeAll(async () => {
      prometheus = await prometheusStandIn()
      preview = await startPreview({
        ...{ boards, scrapeSeconds: 15, minutes: 60 },
        prometheus: parseTargetUrl(prometheus.url, '--prometheus'),
        listen: { host: '127.0.0.1', port: 0 },
        clock: { wallSeconds: () => nowSeconds },
      })
      browser = await chromium.launch({
        executablePath: '/usr/bin/chromium',
        args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
      })
    })
    afterAll(async () => {
      await browser.close()
      await preview.close()
      await prometheus.close()
    })

    let page: Page
    const complaints: string[] = []
    beforeEach(() => complaints.splice(0))
    afterEach(() => page.close())

    async function open(url: string, options: Parameters<Browser['newPage']>[0]) {
      page = await browser.newPage(options)
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => complaints.push(message.text()))
      page.on('request', (request) => {
        const address = request.url()
        if (![preview.url, 'data:', 'file:'].some((known) => address.startsWith(known))) {
          complaints.push(address)
        }
      })
      await page.goto(url)
      await page.locator('html[data-drawn]').waitFor({ state: 'attached' })
    }

    /** Drawn, not blank: a chart of one colour would be a chart of nothing. */
    const blankCharts = () =>
      page.evaluate(`[...document.querySelectorAll('.chart canvas')].filter((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      const seen = new Set()
      for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 4).join())
      return seen.size < 5
    }).length`)

    test.each(boards.map(({ name }) => name))('%s: no panel is empty', async (name) => {
      prometheus.empty = () => false
      await open(`${preview.url}/${name}`, { viewport: { width: 1400, height: 900 } })
      expect(await emptyPanels(page)).toEqual([])
      expect(await page.locator('.panel').count()).toBeGreaterThan(8)
      expect(await blankCharts()).toBe(0)
      expect(complaints).toEqual([])
    })

    test('a panel that lost its data is named; so the test above can fail', async () => {
      prometheus.empty = (expression) => expression.includes('qps_current')
      await open(`${preview.url}/overview`, { viewport: { width: 1400, height: 900 } })
      expect(await emptyPanels(page)).toContain('Queries')
    })

    test.each([
      ['dark', 1400],
      ['light', 360],
    ] as const)(
      '%s, %i px wide: nothing sticks out, and hovering tells values',
      async (colorScheme, width) => {
        prometheus.empty = () => false
        await open(`${preview.url}/overview`, { colorScheme, viewport: { width, height: 900 } })
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
        await page.locator('.u-over').first().hover()
        const tip = page.locator('.tip:not([hidden])').first()
        expect(await tip.textContent()).toMatch(/^\d\d:\d\d:\d\d\n.+ {3}[\d.]+ m?s\b/)
        expect(complaints).toEqual([])
      },
    )

    test('a menu narrows the board', async () => {
      await open(`${preview.url}/overview`, { viewport: { width: 1400, height: 900 } })
      prometheus.asked.splice(0)
      await page.locator('select[name="var-instance"]').selectOption('gpu-2:9464')
      await page.waitForURL(/var-instance=gpu-2/)
      const queries = prometheus.asked.flatMap(({ form }) => form['query'] ?? [])
      expect(queries.filter((query) => query.includes('instance=~"gpu-2:9464"'))).not.toEqual([])
    })

    test('a still page needs no server and no network', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'rerankscope-preview-'))
      try {
        const { html, panels } = await stillPreview({
          board: boards.find(({ name }) => name === 'overview')!,
          prometheus: parseTargetUrl(prometheus.url, '--prometheus'),
          ...{ fromSeconds: nowSeconds - 900, toSeconds: nowSeconds, scrapeSeconds: 15 },
          signal: new AbortController().signal,
        })
        const file = join(folder, 'overview.html')
        writeFileSync(file, html)
        await open(pathToFileURL(file).href, { viewport: { width: 1400, height: 900 } })
        expect(await page.locator('.panel').count()).toBe(panels.length)
        expect(await page.locator('.uplot').count()).toBe(
          panels.filter(({ chart }) => chart !== undefined).length,
        )
        expect(await page.locator('form').count()).toBe(0)
        expect(complaints).toEqual([])
      } finally {
        rmSync(folder, { recursive: true })
      }
    })
  },
)
