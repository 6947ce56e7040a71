import { z } from 'zod'
import { html, type Markup } from '../../../core/page/markup.ts'
import { paintOf, toneOf } from '../colors.ts'
import { legendMarkup } from '../legend.ts'
import type { Field, Panel } from '../model.ts'
import { calculationName, reduce } from '../reduce.ts'
import type { Series } from '../series.ts'
import { ticksOf } from '../ticks.ts'
import { formatIn, scaleOf } from '../units.ts'
import { instantsOf, type TimeWindow } from '../window.ts'
import type { Chart, Kind } from './kind.ts'

const optionsSchema = z.looseObject({
  legend: z
    .looseObject({
      showLegend: z.boolean().default(true),
      displayMode: z.string().default('list'),
      calcs: z.array(z.string()).default([]),
    })
    .default({ showLegend: true, displayMode: 'list', calcs: [] }),
})

const customSchema = z.looseObject({
  drawStyle: z.string().default('line'),
  lineWidth: z.number().default(1),
  lineStyle: z.looseObject({ fill: z.string().default('solid') }).default({ fill: 'solid' }),
  fillOpacity: z.number().default(0),
  stacking: z.looseObject({ mode: z.string().default('none') }).default({ mode: 'none' }),
  thresholdsStyle: z.looseObject({ mode: z.string().default('off') }).default({ mode: 'off' }),
})

/** Room above the highest point where the panel names no maximum. */
const headroom = 1.08

export const timeseries: Kind = {
  type: 'timeseries',
  draw(panel, series, window) {
    const columns = columnsOf(series, window)
    const defaults = customSchema.parse(panel.fieldConfig.defaults.custom)
    const stacked = defaults.stacking.mode !== 'none'
    const chart = chartOf(panel.fieldConfig.defaults, series, stacked ? stack(columns) : columns, {
      seconds: instantsOf(window),
      stacked,
      thresholds: defaults.thresholdsStyle.mode,
    })
    return {
      markup: html`<div class="chart" role="img" aria-label="${panel.title}"></div>
        ${legendOf(panel, series)}`,
      chart,
    }
  },
}

/** A value for each instant of the window; null where a series has none. */
function columnsOf(series: readonly Series[], window: TimeWindow): (number | null)[][] {
  const instants = instantsOf(window)
  return series.map(({ points }) => {
    const values = new Map(points)
    return instants.map((seconds) => values.get(seconds) ?? null)
  })
}

/**
 * Each line on the sum of those before it. One that is missing adds nothing, but where every one is
 * missing there is a gap: areas are drawn between neighbours, and need both.
 */
function stack(columns: readonly (readonly (number | null)[])[]): (number | null)[][] {
  const anything = (columns[0] ?? []).map((_, at) => columns.some((column) => column[at] !== null))
  let below: (number | null)[] = anything.map((some) => (some ? 0 : null))
  return columns.map((column) => {
    below = below.map((under, at) => (under === null ? null : under + (column[at] ?? 0)))
    return below
  })
}

function chartOf(
  field: Field,
  series: readonly Series[],
  columns: readonly (readonly (number | null)[])[],
  how: {
    readonly seconds: readonly number[]
    readonly stacked: boolean
    readonly thresholds: string
  },
): Chart {
  const values = columns.flat().filter((value) => value !== null)
  const highest = values.reduce((a, b) => Math.max(a, b), -Infinity)
  const lowest = values.reduce((a, b) => Math.min(a, b), Infinity)
  const minimum = field.min ?? Math.min(0, lowest)
  const maximum =
    field.max ?? (highest > minimum ? minimum + (highest - minimum) * headroom : minimum + 1)
  const scale = scaleOf(field.unit, Math.max(Math.abs(maximum), Math.abs(minimum)))
  const steps = field.thresholds.steps
  return {
    columns: [how.seconds, ...columns],
    lines: series.map((one, at) => lineOf(one, at)),
    stacked: how.stacked,
    scale,
    minimum,
    maximum,
    ticks: ticksOf(minimum, maximum, scale),
    regions: how.thresholds.includes('area')
      ? steps.map(({ value, color }, at) => ({
          from: value ?? minimum,
          to: steps[at + 1]?.value ?? maximum,
          tone: toneOf(color),
        }))
      : [],
    limits: /line|dashed/.test(how.thresholds)
      ? steps.flatMap(({ value, color }) =>
          value === null ? [] : [{ at: value, tone: toneOf(color) }],
        )
      : [],
  }
}

function lineOf({ name, field }: Series, at: number): Chart['lines'][number] {
  const custom = customSchema.parse(field.custom)
  return {
    name,
    paint: paintOf(field, at),
    width: custom.lineWidth,
    fill: custom.fillOpacity / 100,
    dashed: custom.lineStyle.fill !== 'solid',
    bars: custom.drawStyle === 'bars',
  }
}

function legendOf(panel: Panel, series: readonly Series[]): Markup | string {
  const { legend } = optionsSchema.parse(panel.options)
  if (!legend.showLegend) return ''
  const calculations = legend.displayMode === 'hidden' ? [] : legend.calcs
  const rows = series.map((one, at) => ({
    paint: paintOf(one.field, at),
    name: one.name,
    figures: calculations.map((calculation) => {
      const value = reduce(one, calculation)
      const { unit, decimals } = one.field
      return value === null ? '–' : formatIn(scaleOf(unit, value), value, decimals)
    }),
  }))
  return legendMarkup(zerosLast(rows, series), calculations.map(calculationName))
}

/** A legend shows a few rows and scrolls for the others; lines that lie on zero must not fill it. */
function zerosLast<T>(rows: readonly T[], series: readonly Series[]): readonly T[] {
  const isZero = (at: number) => series[at]?.points.every(([, value]) => !value) ?? false
  const places = rows.map((_, at) => at)
  return [...places.filter((at) => !isZero(at)), ...places.filter(isZero)].flatMap(
    (at) => rows[at] ?? [],
  )
}
