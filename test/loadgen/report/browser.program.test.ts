import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { reportFormats } from '../../../loadgen/index.ts'
import { describeWithProgram } from '../../programs.ts'
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
      await page.locator('html[data-drawn="6"]').waitFor({ state: 'attached' })
      expect(complaints).toEqual([])
      expect(await page.locator('.uplot canvas').count()).toBe(6)
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
})
