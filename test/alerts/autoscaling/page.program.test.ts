import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { autoscaling } from '../../../alerts/index.ts'
import { policy } from '../../../core/policy.ts'
import { describeWithProgram } from '../../programs.ts'

/** A simulation whose name tries to break out of the page. */
function page(): string {
  const load = { ...autoscaling.parseLoad('sine:0.2..3@3600'), name: '</script><b id="no">sine' }
  const options = {
    ...{ policy, seconds: 7200, stepSeconds: 15, syncSeconds: 15, minReplicas: 1, maxReplicas: 4 },
    ...{ replicas: 1, gpusPerReplica: 1, startSeconds: 90, signalSeconds: 60, delaySeconds: 15 },
    ...{ noise: 0, seed: 1, outages: [], queue: true },
  }
  const results = autoscaling.forms.map((form) => autoscaling.simulate(form, load, options))
  const notes = autoscaling.notesOf(load, results, options)
  return autoscaling.renderHtml({ load, options, results, notes })
}

describeWithProgram('chromium', 'the page of a simulation in a browser', () => {
  let browser: Browser
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-'))
    writeFileSync(join(folder, 'page.html'), page())
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(async () => {
    await browser.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each([
    ['light', 1100],
    ['dark', 390],
  ] as const)(
    '%s, %i wide: both charts, every form, nothing asked for or logged',
    async (colorScheme, width) => {
      const tab = await browser.newPage({ colorScheme, viewport: { width, height: 900 } })
      const complaints: string[] = []
      tab.on('pageerror', (error) => complaints.push(String(error)))
      tab.on('console', (message) => complaints.push(message.text()))
      tab.on('request', (request) => {
        if (!request.url().startsWith('file:')) complaints.push(request.url())
      })
      await tab.goto(pathToFileURL(join(folder, 'page.html')).href)
      await tab.locator('html[data-drawn="2"]').waitFor({ state: 'attached' })
      expect(await tab.locator('canvas').count()).toBe(2)
      expect(await tab.locator('#legend-replicas .key').allTextContents()).toEqual([
        'load',
        ...autoscaling.forms.map(({ name }) => name),
      ])
      expect(await tab.locator('.forms tr').count()).toBe(autoscaling.forms.length + 1)
      expect(await tab.locator('#no').count()).toBe(0)
      await tab.locator('#replicas .u-over').hover()
      expect(await tab.locator('#legend-replicas output').textContent()).toMatch(
        /^\d:\d\d · load \d.* · nulls-as-zero \d$/,
      )
      // The page itself does not scroll sideways.
      expect(await tab.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      expect(complaints).toEqual([])
      await tab.close()
    },
  )
})
