import { html, type Markup } from '../../../core/page/markup.ts'
import type { Summary } from '../../measure/run-file.ts'
import { lengthGridOf, rangeName } from '../lengths.ts'
import { duration } from '../text.ts'

/** A heat table: the longer the p95, the stronger the colour. Nothing where no length is known. */
export function lengthsCard(summary: Summary): Markup | string {
  const grid = lengthGridOf(summary)
  if (grid === undefined) return ''
  const longest = Math.max(
    ...grid.rows.flatMap(({ cells }) => cells.map((cell) => cell?.responseSeconds.p95 ?? 0)),
  )
  const heat = (seconds: number | null) =>
    longest > 0 ? (((seconds ?? 0) / longest) * 100).toFixed(0) : '0'
  return html`<div class="card">
    <h2>By documents and length</h2>
    <p class="muted small">
      p95 response, below it p50 and the number of requests; across:
      ${grid.title.replace('documents and ', '')}
    </p>
    <div class="scroll">
      <table class="heat">
        <tr>
          <th>documents</th>
          ${grid.columns.map((column) => html`<th>${rangeName(column)}</th>`)}
        </tr>
        ${grid.rows.map(
          ({ documents, cells }) =>
            html`<tr>
              <td>${rangeName(documents)}</td>
              ${cells.map((cell) =>
                cell === undefined
                  ? html`<td></td>`
                  : html`<td style="--heat:${heat(cell.responseSeconds.p95)}%">
                      <b>${duration(cell.responseSeconds.p95)}</b
                      ><span>${duration(cell.responseSeconds.p50)} · ${cell.requests}</span>
                    </td>`,
              )}
            </tr>`,
        )}
      </table>
    </div>
  </div>`
}
