import { expect, test } from 'vitest'
import { kinds } from '../../../dashboards/preview/kinds/index.ts'
import { modelOf, type Panel } from '../../../dashboards/preview/model.ts'
import type { RawSeries } from '../../../dashboards/preview/prometheus.ts'
import { seriesOf } from '../../../dashboards/preview/series.ts'
import { timeWindow } from '../../../dashboards/preview/window.ts'

const window = timeWindow(0, 60, 15)

function panelOf(given: Record<string, unknown>): Panel {
  const panel = { id: 1, title: 'P', gridPos: { x: 0, y: 0, w: 12, h: 8 }, ...given }
  const json = JSON.stringify({ title: 'B', templating: { list: [] }, panels: [panel] })
  return modelOf({ name: 'b', json }).sections[0]!.panels[0]!
}

/** What the panel shows of answers, one a target. */
function draw(given: Record<string, unknown>, ...answers: readonly (readonly RawSeries[])[]) {
  const panel = panelOf(given)
  const series = seriesOf(
    panel,
    panel.targets.map((target, at) => ({ target, series: answers[at] ?? [] })),
  )
  const { markup, chart } = kinds
    .find(({ type }) => type === panel.type)!
    .draw(panel, series, window)
  const text = markup.text
    .replaceAll(/<title>.*?<\/title>/gs, ' ')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/\s+/g, ' ')
  return { chart, markup: markup.text, text: text.trim() }
}

const line = (labels: Record<string, string>, ...values: readonly number[]): RawSeries => ({
  labels,
  points: values.map((value, at) => [at * 15, value] as const),
})
const target = (legendFormat: string, refId = 'A') => ({ refId, expr: 'x', legendFormat })
const steps = [
  { value: null, color: 'green' },
  { value: 2, color: 'red' },
]

test('timeseries: names, gaps, areas of thresholds, an axis in one scale, figures of the legend', () => {
  const { chart, text } = draw(
    {
      type: 'timeseries',
      targets: [target('GPU {{ gpu }}')],
      fieldConfig: {
        defaults: {
          unit: 's',
          min: 0,
          thresholds: { steps },
          custom: { fillOpacity: 10, thresholdsStyle: { mode: 'area' } },
        },
        overrides: [
          {
            matcher: { id: 'byName', options: 'GPU 1' },
            properties: [
              { id: 'displayName', value: 'the other' },
              { id: 'color', value: { mode: 'fixed', fixedColor: 'semi-dark-purple' } },
            ],
          },
        ],
      },
      options: { legend: { displayMode: 'table', calcs: ['lastNotNull', 'max'] } },
    },
    [line({ gpu: '0' }, 1, NaN, 3, 2), line({ gpu: '1' }, 1, 1, 1, 1, 1)],
  )
  expect(chart?.columns).toEqual([
    [0, 15, 30, 45, 60],
    [1, null, 3, 2, null],
    [1, 1, 1, 1, 1],
  ])
  expect(chart?.lines.map(({ name, paint, fill }) => [name, paint, fill])).toEqual([
    ['GPU 0', 'p0', 0.1],
    ['the other', 'purple', 0.1],
  ])
  expect(chart?.regions).toEqual([
    { from: 0, to: 2, tone: 'green' },
    { from: 2, to: 3.24, tone: 'red' },
  ])
  expect(chart?.ticks.map((tick) => tick.text)).toEqual(['0', '1 s', '2 s', '3 s'])
  expect(text).toBe('Name Last Max GPU 0 2 s 3 s the other 1 s 1 s')
})

test('timeseries: a line that lies on zero comes last in the legend and keeps its colour', () => {
  const { chart, text } = draw({ type: 'timeseries', targets: [target('{{class}}')] }, [
    line({ class: 'none' }, 0, 0),
    line({ class: 'some' }, 0, 2),
  ])
  expect(chart?.lines.map(({ name, paint }) => `${name} ${paint}`)).toEqual(['none p0', 'some p1'])
  expect(text).toBe('some none')
})

test('timeseries: stacked lines stand on each other, and limits are lines where the panel says so', () => {
  const { chart } = draw(
    {
      type: 'timeseries',
      targets: [target('{{band}}')],
      fieldConfig: {
        defaults: {
          thresholds: { steps },
          custom: { stacking: { mode: 'normal' }, thresholdsStyle: { mode: 'dashed' } },
        },
      },
    },
    [line({ band: 'a' }, 1, 1, NaN, NaN), line({ band: 'b' }, 2, NaN, 2, NaN)],
  )
  expect(chart?.stacked).toBe(true)
  expect(chart?.columns.slice(1)).toEqual([
    [1, 1, 0, null, null],
    [3, 1, 2, null, null],
  ])
  expect(chart?.limits).toEqual([{ at: 2, tone: 'red' }])
  expect(chart?.regions).toEqual([])
})

test('stat: the last value, its words and its colour; nothing but words for what is no number', () => {
  const stat = (value: number) =>
    draw(
      {
        type: 'stat',
        targets: [target('p95')],
        options: { colorMode: 'background', graphMode: 'none', textMode: 'value_and_name' },
        fieldConfig: {
          defaults: {
            unit: 's',
            thresholds: { steps },
            mappings: [
              { type: 'value', options: { '1': { text: 'one', color: 'blue' } } },
              { type: 'special', options: { match: 'null+nan', result: { text: 'no traffic' } } },
            ],
          },
        },
      },
      [line({}, value)],
    )
  expect(stat(2.5)).toMatchObject({ text: 'p95 2.5 s' })
  expect(stat(2.5).markup).toContain('class="stat background red"')
  expect(stat(0.5).markup).toContain('class="stat background green"')
  expect(stat(1)).toMatchObject({ text: 'p95 one' })
  expect(stat(1).markup).toContain('class="stat background blue"')
  expect(stat(NaN).text).toBe('p95 no traffic')
})

test('state-timeline: one block while a value stays, none in a gap', () => {
  const { markup, text } = draw(
    {
      type: 'state-timeline',
      targets: [target('{{source}}')],
      fieldConfig: {
        defaults: {
          mappings: [
            {
              type: 'value',
              options: { '1': { text: 'up', color: 'green' }, '0': { text: 'down', color: 'red' } },
            },
          ],
        },
      },
    },
    [{ labels: { source: 's' }, points: [0, 15, 45, 60].map((at) => [at, at < 60 ? 1 : 0]) }],
  )
  const blocks = [
    ...markup.matchAll(/<rect\s+class="(\w+)"\s+x="([\d.]+)%"[^>]*?\swidth="([\d.]+)%"/g),
  ]
  expect(blocks.map(([, paint, x, width]) => [paint, Number(x), Number(width)])).toEqual([
    ['green', 0, 50],
    ['green', 75, 25],
  ])
  expect(text).toBe('s down up')
})

test('heatmap: each bucket less the one below it, the largest on top', () => {
  const { markup, text } = draw(
    {
      type: 'heatmap',
      targets: [target('{{le}}')],
      options: { yAxis: { unit: 's' } },
    },
    [
      line({ le: '+Inf' }, 8),
      line({ le: '0.1' }, 4),
      line({ le: '0.5' }, 8),
      line({ le: '0.05' }, 0),
    ],
  )
  expect(text).toBe('more 500 ms 100 ms 50 ms')
  const cells = [...markup.matchAll(/<rect\s+class="(\w+)"[^>]*?\sy="([\d.]+)%"/g)]
  expect(cells.map(([, shade, y]) => [shade, Number(y)])).toEqual([
    ['heat8', 25],
    ['heat8', 50],
  ])
})

test('table: answers merge where their labels agree, in the columns that the board keeps', () => {
  const { text, markup } = draw(
    {
      type: 'table',
      targets: [target('', 'A'), target('', 'B')],
      transformations: [
        { id: 'merge', options: {} },
        {
          id: 'filterFieldsByName',
          options: { include: { names: ['name', 'Value #A', 'Value #B'] } },
        },
        {
          id: 'organize',
          options: {
            indexByName: { name: 0, 'Value #B': 1, 'Value #A': 2 },
            renameByName: { name: 'GPU' },
          },
        },
      ],
      fieldConfig: {
        defaults: { noValue: 'not told' },
        overrides: [
          {
            matcher: { id: 'byName', options: 'Value #A' },
            properties: [
              { id: 'displayName', value: 'Memory' },
              { id: 'unit', value: 'bytes' },
            ],
          },
          {
            matcher: { id: 'byName', options: 'Value #B' },
            properties: [{ id: 'displayName', value: 'Power' }],
          },
        ],
      },
    },
    [line({ uuid: '1', name: 'L4' }, 1024), line({ uuid: '2', name: 'T4<' }, 2048)],
    [line({ uuid: '1' }, 72)],
  )
  expect(text).toBe('GPU Power Memory L4 72 1 KiB T4&lt; not told 2 KiB')
  expect(markup).not.toContain('T4<')
})
