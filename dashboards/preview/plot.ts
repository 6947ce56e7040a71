import { html, type Markup } from '../../core/page/markup.ts'
import type { TimeWindow } from './window.ts'

/** A plot of rectangles over time, with words at its left side and times below: no script draws it. */
export interface Cell {
  readonly fromSeconds: number
  readonly toSeconds: number
  readonly className: string
  readonly title: string
}

export interface PlotRow {
  /** '' has no word: not every row of many has room for one. */
  readonly word: string
  readonly cells: readonly Cell[]
}

const percent = (share: number) => `${(share * 100).toFixed(3)}%`
/** Times below a plot: with seconds they are longer, and fewer fit. */
const timesOf = (spanSeconds: number) => (spanSeconds < 5 * 60 ? 3 : 5)

/** `gap` is the share of a row that stays free above and below its cells. */
export function plotMarkup(
  rows: readonly PlotRow[],
  { fromSeconds, toSeconds }: TimeWindow,
  gap: number,
): Markup {
  const span = toSeconds - fromSeconds || 1
  const height = 1 / rows.length
  const times = timesOf(span)
  const cells = rows.flatMap((row, at) =>
    row.cells.map((cell) => {
      const from = Math.max(cell.fromSeconds, fromSeconds)
      const width = (Math.min(cell.toSeconds, toSeconds) - from) / span
      return width <= 0
        ? ''
        : html`<rect
            class="${cell.className}"
            x="${percent((from - fromSeconds) / span)}"
            y="${percent((at + gap) * height)}"
            width="${percent(width)}"
            height="${percent((1 - 2 * gap) * height)}"
            ><title>${cell.title}</title></rect
          >`
    }),
  )
  return html`<div class="plot">
    <div class="plot-y">
      ${rows.map(({ word }) => html`<span title="${word}"><i>${word}</i></span>`)}
    </div>
    <svg class="plot-cells" width="100%" height="100%">${cells}</svg>
    <div class="plot-x">
      ${Array.from({ length: times }, (_, at) => {
        const share = (at + 0.5) / times
        return html`<span
          data-seconds="${String(Math.round(fromSeconds + share * span))}"
          data-apart="${String(span / times)}"
        ></span>`
      })}
    </div>
  </div>`
}
