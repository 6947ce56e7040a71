import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  compareAll,
  comparisonFormats,
  formatRunTable,
  readRun,
  reportFormats,
  type Run,
} from '../../../loadgen/index.ts'
import { html, jsonMarkup, Markup } from '../../../core/page/markup.ts'
import { progressLine } from '../../../loadgen/report/progress.ts'
import { parseSlo } from '../../../loadgen/measure/slo.ts'
import { madeRun } from './made-run.ts'
import { recordRun, type RecordedRun } from './recorded-run.ts'

let run: Run
let recorded: RecordedRun
beforeAll(async () => {
  recorded = await recordRun()
  run = recorded.run
})
afterAll(() => {
  recorded.remove()
})
const render = (format: string, runs: readonly Run[]) =>
  reportFormats.find(({ name }) => name === format)!.render(runs)

test('the table fits 80 columns and says all that the contract asks for', () => {
  for (const runs of [[run], [run, run], [run, run, run, run]]) {
    const table = formatRunTable(runs)
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
  }
  const widthAt = (columns: number) =>
    Math.max(
      ...formatRunTable([run, run], columns)
        .split('\n')
        .map(({ length }) => length),
    )
  expect([20, 60, 80, 300].map(widthAt)).toEqual([60, 60, 80, 100])
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

test('runs of one profile are told apart by their folders', () => {
  const made = (folder: string, name = 'low') => madeRun({ folder, name })
  const headOf = (...runs: Run[]) => render('markdown', runs).split('\n')[0]
  expect(headOf(made('runs/a'), made('runs/b', 'high'))).toBe('|  | low | high |')
  expect(headOf(made('runs/a'), made('runs/b'))).toBe('|  | a | b |')
  expect(headOf(made('a/low'), made('b/low'))).toBe('|  | a/low | b/low |')
  const text = render('text', [made('runs/a'), made('runs/b')])
  expect(text).toMatch(/│ +│ a +│ b +│/)
  expect(text).toMatch(/^b: response by documents/m)
})

test('a row that no run has a figure for is left out', () => {
  const without = madeRun({ gpu: false })
  for (const format of ['text', 'markdown', 'html']) {
    expect(render(format, [without, without])).not.toContain('GPU memory')
    expect(render(format, [without, madeRun({})])).toContain('GPU memory')
  }
})

test('JSON is run.json; Markdown has a row a figure', () => {
  expect(JSON.parse(render('json', [run]))).toEqual(run.summary)
  expect(JSON.parse(render('json', [run, run]))).toEqual([run.summary, run.summary])
  expect(render('markdown', [run, run])).toMatch(
    /^\| {2}\| low \| low \|\n\| --- \| ---: \| ---: \|\n/,
  )
})

test.each([
  ['csv', 'report.csv'],
  ['junit', 'report.junit.xml'],
  ['markdown', 'report.md'],
  ['text', 'report.txt'],
])('%s of two known runs is test/golden/%s', async (format, file) => {
  const slo = parseSlo('p95=80ms,p99=1s,errors=1%')!
  const runs = [
    madeRun({ slo, tokens: true }),
    madeRun({ name: 'high', folder: 'runs/<high> & "more"', gpu: false, slo }),
  ]
  await expect(render(format, runs)).toMatchFileSnapshot(`../../golden/${file}`)
})

test.each([
  ['text', 'comparison.txt'],
  ['markdown', 'comparison.md'],
])('a comparison as %s is test/golden/%s', async (format, file) => {
  const slower = {
    folder: 'runs/slower',
    latencyOf: (_: number, documents: number) => 0.03 + documents / 1000,
  }
  const [a, same, b] = [madeRun(), madeRun({ folder: 'runs/same' }), madeRun(slower)]
  const text = comparisonFormats
    .find(({ name }) => name === format)!
    .render(compareAll([a, same, b]))
  await expect(text).toMatchFileSnapshot(`../../golden/${file}`)
  if (format === 'text') {
    expect(Math.max(...text.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(80)
  }
})

test('a comparison as JSON and as a page', () => {
  const compared = compareAll([madeRun(), madeRun({ folder: '<b>runs/same' })])
  const as = (format: string) =>
    comparisonFormats.find(({ name }) => name === format)!.render(compared)
  expect(JSON.parse(as('json'))).toMatchObject({
    schema: 'rerankscope.comparison/1',
    base: { folder: 'runs/low' },
    others: [{ folder: '<b>runs/same', paired: true, verdict: 'no_difference' }],
  })
  expect(as('html').includes('no difference seen: p95 70.0 ms → 70.0 ms')).toBe(true)
  expect(as('html').includes('&lt;b&gt;runs/same against runs/low')).toBe(true)
})

test('no cell of a CSV is a formula', () => {
  expect(render('csv', [madeRun({ folder: '=1+1' })])).toContain("\n'=1+1,low,")
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
  expect((await readRun(recorded.folder)).observations).toHaveLength(15)
})

const progress = {
  profile: 'low',
  elapsedSeconds: 2.7,
  scheduledSeconds: 30,
  planned: 150,
  sent: 14,
  ended: 13,
  failed: 1,
  offeredRate: 5,
  achievedRate: 4.6,
  pairsPerSecond: 138,
  p95Seconds: 0.0412,
  gpu: undefined,
}

test('a line of progress says it all', () => {
  expect(progressLine(progress)).toBe(
    'low    3 s of 30 s  5/s offered, 4.60/s achieved  1 in flight  p95 41.2 ms  1 failed  GPU –',
  )
})
