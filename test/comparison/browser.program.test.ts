import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser, type Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { formatHtml } from '../../comparison/report/html/index.ts'
import { describeWithProgram } from '../programs.ts'
import { madeBench } from './made-bench.ts'

describeWithProgram('chromium', 'the comparison in a browser', () => {
  let browser: Browser
  let folder: string
  let url: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-bench-page-'))
    const path = join(folder, 'report.html')
    writeFileSync(path, formatHtml(madeBench({ memoryBytes: 4e9, p95Seconds: 0.1 })))
    url = pathToFileURL(path).href
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function opened(options: Parameters<Browser['newPage']>[0], complaints: string[] = []) {
    const page = await browser.newPage(options)
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => complaints.push(message.text()))
    page.on('request', (request) => {
      if (!request.url().startsWith('file:')) complaints.push(request.url())
    })
    await page.goto(url)
    await page.locator('html[data-drawn="2"]').waitFor({ state: 'attached' })
    return page
  }

  test.each(['light', 'dark'] as const)(
    '%s: draws both charts in the colours of the targets, asks for nothing, logs nothing',
    async (colorScheme) => {
      const complaints: string[] = []
      const page = await opened({ colorScheme, viewport: { width: 1200, height: 900 } }, complaints)
      expect(complaints).toEqual([])
      // Each line's own colour, as the browser resolves it, is somewhere on the canvas.
      const drawn = await page.evaluate(`['throughput-p95', 'utilization'].map((id) => {
        const canvas = document.querySelector('#chart-' + id + ' canvas')
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        const seen = new Set()
        for (let at = 0; at < data.length; at += 4) seen.add(data.slice(at, at + 3).join())
        return [0, 1, 2, 3].filter((at) => {
          const probe = document.createElement('i')
          probe.style.color = 'var(--device' + at + ')'
          document.body.append(probe)
          const colour = getComputedStyle(probe).color.match(/\\d+/g).slice(0, 3).join()
          probe.remove()
          return seen.has(colour)
        })
      })`)
      // The API is the fourth target in every chart and bar, though the third has nothing to draw.
      expect(drawn).toEqual([
        [0, 1, 3],
        [0, 1],
      ])
      await page.close()
    },
  )

  test('the verdict comes first, then scores as bars of their length, then the tables', async () => {
    const page = await opened({ viewport: { width: 1200, height: 900 } })
    const text = await page.locator('main').innerText()
    const places = [
      'For what was asked',
      'Scores by dimension',
      'p95 against',
      'Memory',
      'Why figures',
    ]
    const found = places.map((place) => text.indexOf(place))
    expect(found).not.toContain(-1)
    expect(found).toEqual([...found].sort((a, b) => a - b))
    expect(await page.locator('#verdict').innerText()).toContain(
      'For what was asked (at most 4 GB, p95 within 100 ms): v2-m3.',
    )
    expect(await page.locator('#verdict .pill').allTextContents()).toEqual(['with gaps'])
    const bars = await page.evaluate(`[...document.querySelectorAll('.bar')].map((bar) =>
      Math.round(100 * bar.firstElementChild.getBoundingClientRect().width / bar.getBoundingClientRect().width) / 10)`)
    const values = await page.locator('.bars .value').allTextContents()
    expect(bars).toEqual(values.map(Number))
    // Memory, then latency: of v2-m3, and of the API, 0.12 s where it has 0.08 s.
    expect(values.slice(0, 3)).toEqual(['10.0', '10.0', '6.7'])
    await page.close()
  })

  test('the tables show the figures', async () => {
    const page = await opened({ viewport: { width: 1200, height: 900 } })
    const row = (table: string, target: string) =>
      page
        .locator(`#table-${table} tr`, { has: page.locator(`td:first-child:text-is("${target}")`) })
        .locator('td')
        .allTextContents()
    expect((await row('memory', 'v2-m3')).slice(1, 4)).toEqual([
      ...['device, against before', '2.30 GB', '2.76 GB'],
    ])
    expect((await row('throughput', 'base')).at(-2)).toMatch(/^IMPOSSIBLE, \d+ % of peak$/)
    expect((await row('throughput', 'v2-m3'))[3]).toBe('300 (200–400)')
    expect((await row('stability', 'v2-m3')).slice(2, 4)).toEqual(['90 %', '84–95 %'])
    expect((await row('latency', 'api'))[3]).toBe('≥ 40.0 ms')
    expect((await row('latency', 'dead')).slice(1, 7)).toEqual(Array(6).fill('–'))
    expect((await row('decision', 'v2-m3 ←')).at(-1)).toBe('met')
    expect(await page.locator('#reasons li').allTextContents()).toEqual([
      ...['dead: 22 of its cells: http://gpu:8080 does not answer (ECONNREFUSED)'],
      'api: 4 of its cells: it runs elsewhere',
    ])
    await page.close()
  })

  test('a chart says the figures under the pointer', async () => {
    const page = await opened({ viewport: { width: 1200, height: 900 } })
    const over = page.locator('#chart-utilization .u-over')
    const box = (await over.boundingBox())!
    await over.hover({ position: { x: 1, y: box.height / 2 } })
    const output = page.locator('.legend output').nth(1)
    expect(await output.textContent()).toMatch(/^0 s {3}(v2-m3 90 %|base 70 %)/)
    await page.close()
  })

  const cutOff = (page: Page) => page.evaluate('document.documentElement.scrollWidth <= innerWidth')

  test('on a phone the page itself is not wider than the screen, and on paper it prints', async () => {
    const page = await opened({ viewport: { width: 390, height: 800 } })
    expect(await cutOff(page)).toBe(true)
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 794, height: 1100 })
    expect(await cutOff(page)).toBe(true)
    const paper = await page.pdf({ format: 'A4' })
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-')
    await page.close()
  })
})
