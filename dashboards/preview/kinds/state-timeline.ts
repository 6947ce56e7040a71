import { html } from '../../../core/page/markup.ts'
import { paintOf, toneOf, type Paint } from '../colors.ts'
import { shown } from '../fields.ts'
import { legendMarkup } from '../legend.ts'
import type { Panel } from '../model.ts'
import { plotMarkup, type Cell } from '../plot.ts'
import type { Series } from '../series.ts'
import type { TimeWindow } from '../window.ts'
import type { Kind } from './kind.ts'

/** A row a series; as long as a value stays the same it is one block in its colour. */
export const stateTimeline: Kind = {
  type: 'state-timeline',
  draw(panel, series, window) {
    const rows = series.map((one, at) => ({ word: one.name, cells: blocksOf(one, at, window) }))
    return {
      markup: html`${plotMarkup(rows, window, 0.12)}${legendMarkup(wordsOf(panel), [])}`,
    }
  },
}

function blocksOf(series: Series, at: number, { stepSeconds }: TimeWindow): readonly Cell[] {
  const blocks: { fromSeconds: number; toSeconds: number; value: number }[] = []
  for (const [seconds, value] of series.points) {
    if (value === null) continue
    const last = blocks.at(-1)
    const touches = last !== undefined && last.toSeconds >= seconds
    if (touches && last.value === value) last.toSeconds = seconds + stepSeconds
    else blocks.push({ fromSeconds: seconds, toSeconds: seconds + stepSeconds, value })
  }
  return blocks.map(({ fromSeconds, toSeconds, value }) => {
    const { text, tone } = shown(series.field, value)
    const paint: Paint =
      series.field.color?.mode === 'fixed' ? paintOf(series.field, at) : (tone ?? 'text')
    return { fromSeconds, toSeconds, className: paint, title: `${series.name}: ${text}` }
  })
}

/** The words that the panel has for values, in their colours. */
function wordsOf({ fieldConfig }: Panel) {
  return fieldConfig.defaults.mappings.flatMap((mapping) =>
    mapping.type === 'value'
      ? Object.entries(mapping.options).map(([value, { text, color }]) => ({
          paint: toneOf(color),
          name: text ?? value,
          figures: [],
        }))
      : [],
  )
}
