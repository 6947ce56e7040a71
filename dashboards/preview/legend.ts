import { html, type Markup } from '../../core/page/markup.ts'
import type { Paint } from './colors.ts'

/** A line of a legend: a key in its colour, a name, and figures. */
export interface LegendRow {
  readonly paint: Paint
  readonly name: string
  readonly figures: readonly string[]
}

/** As a table with `heads` above the figures; as a list where there are none. */
export function legendMarkup(rows: readonly LegendRow[], heads: readonly string[]): Markup {
  const key = ({ paint, name }: LegendRow) => html`<span class="key ${paint}">${name}</span>`
  if (heads.length === 0) return html`<p class="keys">${rows.map(key)}</p>`
  return html`<div class="scroll legend-table">
    <table>
      <tr>
        <th>Name</th>
        ${heads.map((head) => html`<th>${head}</th>`)}
      </tr>
      ${rows.map(
        (row) =>
          html`<tr>
            <td>${key(row)}</td>
            ${row.figures.map((figure) => html`<td>${figure}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`
}
