import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareAll, comparisonFormats, reportFormats } from '../../../loadgen/index.ts'
import { describeWithProgram } from '../../programs.ts'
import { madeRun } from './made-run.ts'
import { recordRun, type RecordedRun } from './recorded-run.ts'

describeWithProgram('chromium', 'the report in a browser', () => {
  let browser: Browser
  let recorded: RecordedRun
  beforeAll(async () => {
    recorded = await recordRun()
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser.close()
    recorded.remove()
  })

  test.each(['light', 'dark'] as const)(
    '%s: draws every chart, asks for nothing, logs nothing',
    async (colorScheme) => {
      const path = join(recorded.folder, 'both.html')
      const html = reportFormats.find(({ name }) => name === 'html')
      writeFileSync(path, html?.render([recorded.run, recorded.run]) ?? '')
      const page = await browser.newPage({ colorScheme, viewport: { width: 1100, height: 900 } })
      const complaints: string[] = []
      page.on('pageerror', (error) => complaints.push(String(error)))
      page.on('console', (message) => complaints.push(message.text()))
      page.on('request', (request) => {
        if (!request.url().startsWith('file:')) complaints.push(request.url())
      })
      await page.goto(pathToFileURL(path).href)
      await page.locator('html[data-drawn="10"]').waitFor({ state: 'attached' })
      expect(complaints).toEqual([])
      expect(await page.locator('.uplot canvas').count()).toBe(10)
      // Drawn, not blank: a chart of one colour would be a chart of nothing.
      const colours = await page.evaluate(`(() => {
      const seen = new Set()
      for (const canvas of document.querySelectorAll('.uplot canvas')) {
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
        const own = new Set()
        for (let at = 0; at < data.length; at += 4) own.add(data.slice(at, at + 4).join())
        seen.add(Math.min(own.size, 5))
      }
      return [...seen]
    })()`)
      expect(colours).toEqual([5])
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true)
      await page.locator('.u-over').first().hover()
      expect(await page.locator('.legend output').first().textContent()).toMatch(/ s {3}|^$/)
      await page.close()
    },
  )

  test('on a phone and on paper nothing is cut off, and the verdict comes first', async () => {
    const path = join(recorded.folder, 'compared.html')
    const made = [
      madeRun(),
      madeRun({ folder: 'runs/a/name/that/is/rather/long', gpu: false }),
    ] as const
    const html = comparisonFormats.find(({ name }) => name === 'html')!
    writeFileSync(path, html.render(compareAll([...made])))
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } })
    await page.goto(pathToFileURL(path).href)
    // The second run has no GPU figures, so no chart of them.
    await page.locator('html[data-drawn="9"]').waitFor({ state: 'attached' })
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390)
    const text = await page.locator('main').innerText()
    expect(text.indexOf('no difference seen')).toBeLessThan(text.indexOf('Side by side'))
    expect(text.indexOf('valid run')).toBeLessThan(text.indexOf('Response time'))
    // The charts of one run lie on one time axis.
    const left = `(kind) => {
      const { left, width } = document.querySelector('#chart-0-' + kind + ' .u-over').getBoundingClientRect()
      return [left, width].join()
    }`
    expect(await page.evaluate(`(${left})('utilization')`)).toBe(
      await page.evaluate(`(${left})('latency')`),
    )
    expect(await page.evaluate(`(${left})('rate')`)).toBe(
      await page.evaluate(`(${left})('latency')`),
    )
    // No table is wider than its card: nothing has to be scrolled to be seen.
    const cutOff = `[...document.querySelectorAll('.card, .scroll')]
      .filter((card) => card.scrollWidth > card.clientWidth + 1).map((card) => card.innerText)`
    expect(await page.evaluate(cutOff)).toEqual([])
    const cells = page
      .locator('#chart-0-flight')
      .locator('xpath=ancestor::section')
      .locator('.heat td b')
    expect(await cells.allTextContents()).toEqual(
      [30, 40, 50, 60, 70].flatMap((ms) => [`${String(ms)}.0 ms`, `${String(ms)}.0 ms`]),
    )
    await page.emulateMedia({ media: 'print' })
    await page.setViewportSize({ width: 794, height: 1100 })
    expect(await page.evaluate(cutOff)).toEqual([])
    const paper = await page.pdf({ format: 'A4' })
    expect(paper.subarray(0, 5).toString()).toBe('%PDF-')
    await page.close()
  })
})
