import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, type Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  formatRunTable,
  readRun,
  reportFormats,
  runLoad,
  type Run,
} from '../../../loadgen/index.ts'
import { html, jsonMarkup, Markup } from '../../../loadgen/report/html/markup.ts'
import { progressLine } from '../../../loadgen/report/progress.ts'
import { FakeSidecar } from '../fake-sidecar.ts'
import { FixtureServer } from '../fixture-server.ts'

let folder: string
let run: Run
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-report-'))
  const sidecar = await FakeSidecar.start(0.7)
  const model = '</script><img src=x onerror=alert(1)>'
  const server = await FixtureServer.start({
    latencySeconds: 0.03,
    info: { status: 200, body: JSON.stringify({ model_id: model }) },
    behaviourOf: (request) => (request === 12 ? 'overloaded' : 'answer'),
  })
  run = await runLoad(
    { target: server.url, sidecar: sidecar.url, profile: 'low', seconds: 3, out: folder },
    { signal: new AbortController().signal },
  )
  await server.stop()
  await sidecar.stop()
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})
const render = (format: string, runs: readonly Run[]) =>
  reportFormats.find(({ name }) => name === format)!.render(runs)

test('the table fits 100 columns and says all that the contract asks for', () => {
  for (const runs of [[run], [run, run], [run, run, run, run]]) {
    const table = formatRunTable(runs)
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(100)
  }
  const table = formatRunTable([run])
  expect(table).toContain('14 ok, 1 failed (1 rejected_429)')
  for (const name of [
    'queries/s',
    'pairs/s',
    'p50 / p95 / p99',
    'p95 at 10 docs',
    'p95 at 50 docs',
  ]) {
    expect(table).toContain(name)
  }
  expect(table).toMatch(/GPU utilisation\s+│ 70 % \(70 % – 70 %\)/)
  expect(table).toMatch(/GPU memory\s+│ 3\.73 GiB/)
  expect(table).toContain(run.summary.guidance.recommendation)
})

test('JSON is run.json; Markdown has a row a figure', () => {
  expect(JSON.parse(render('json', [run]))).toEqual(run.summary)
  expect(JSON.parse(render('json', [run, run]))).toEqual([run.summary, run.summary])
  expect(render('markdown', [run, run])).toMatch(
    /^\| {2}\| low \| low \|\n\| --- \| ---: \| ---: \|\n/,
  )
})

test('the page needs no other file and lets no text become markup', () => {
  const page = render('html', [run])
  // Compared as booleans: a failure must not print the page.
  const holds = (pattern: RegExp) => pattern.test(page)
  expect(holds(/^<!doctype html>/)).toBe(true)
  expect(holds(/<[^<>]*\b(src|href|srcset|action|data)=/i)).toBe(false)
  expect(holds(/<(link|iframe|object|embed|img|base)\b|@import|url\(/i)).toBe(false)
  expect(holds(/\bfetch\(|XMLHttpRequest|sendBeacon|WebSocket|\bimport\(/)).toBe(false)
  expect(holds(/&lt;\/script&gt;&lt;img src/)).toBe(true)
  expect(page.match(/<script/g)).toHaveLength(2)
  expect(holds(/Copyright \(c\) 2022 Leon Sorokin/)).toBe(true)
})

test('templates escape whatever is not markup', () => {
  const evil = `<i title="'">&`
  expect(html`<p>${evil}${[evil, 1]}${new Markup('<b>')}</p>`.text).toBe(
    '<p>&lt;i title=&quot;&#39;&quot;&gt;&amp;&lt;i title=&quot;&#39;&quot;&gt;&amp;1<b></p>',
  )
  expect(jsonMarkup({ a: '</script>' }).text).toBe('{"a":"\\u003c/script>"}')
})

test('a run of nothing can be shown', async () => {
  const empty = { ...run, observations: [], telemetry: [] }
  for (const { render: show } of reportFormats) expect(() => show([empty])).not.toThrow()
  expect((await readRun(folder)).observations).toHaveLength(15)
})

test('a line of progress says it all', () => {
  expect(
    progressLine({
      profile: 'low',
      elapsedSeconds: 2.7,
      scheduledSeconds: 30,
      planned: 150,
      sent: 14,
      ended: 13,
      failed: 1,
      offeredRate: 5,
      achievedRate: 4.6,
      p95Seconds: 0.0412,
      gpuRatio: undefined,
    }),
  ).toBe(
    'low    3 s of 30 s  5/s offered, 4.60/s achieved  1 in flight  p95 41.2 ms  1 failed  GPU –',
  )
})

const chromiumPath = '/usr/bin/chromium'
const missing = !existsSync(chromiumPath)

describe('in a browser', () => {
  if (missing) {
    test('is not looked at: Chromium is missing (apt-get install chromium)', (context) => {
      if (process.env.CI === 'true')
        throw new Error(`${chromiumPath} is missing, and CI must not skip.`)
      context.skip('Chromium is missing')
    })
    return
  }
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({
      executablePath: chromiumPath,
      args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
    })
  })
  afterAll(() => browser.close())

  test.each(['light', 'dark'] as const)(
    '%s: draws every chart, asks for nothing, logs nothing',
    async (colorScheme) => {
      const path = join(folder, 'both.html')
      writeFileSync(path, render('html', [run, run]))
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
