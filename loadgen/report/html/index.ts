import { html, jsonMarkup, Markup } from '../../../core/page/markup.ts'
import { pageStyle } from '../../../core/page/style.ts'
import { chartLibrary } from '../../../core/page/uplot.ts'
import type { Run } from '../folder.ts'
import { figures } from '../text.ts'
import { chartsOf } from './charts.ts'
import { clientScript } from './client.ts'
import { runSection } from './run-section.ts'
import { reportStyle } from './style.ts'

/**
 * One page with everything in it: no other file, no network, light or dark as the reader's system.
 * All text of the runs is escaped.
 */
export function renderHtml(runs: readonly Run[]): string {
  const charts = runs.map(chartsOf)
  const uplot = chartLibrary()
  const title = `rerankscope: ${runs.map(({ summary }) => summary.profile.name).join(', ')}`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="rerankscope" />
        <title>${title}</title>
        <style>
          ${new Markup(uplot.style + pageStyle + reportStyle)}
        </style>
      </head>
      <body>
        <main>
          <p class="brand">rerankscope load report</p>
          ${runs.length > 1 ? comparison(runs) : ''}
          ${runs.map((run, number) => runSection(run, charts[number] ?? chartsOf(run), number))}
        </main>
        <script type="application/json" id="charts">
          ${jsonMarkup(charts)}
        </script>
        <script>
          ${new Markup(`${uplot.script}\n${clientScript}`)}
        </script>
      </body>
    </html> `.text
}

function comparison(runs: readonly Run[]): Markup {
  return html`<div class="card compare" style="margin:0 0 48px">
    <h2>Side by side</h2>
    <table>
      <tr>
        <th></th>
        ${runs.map(({ summary }) => html`<th>${summary.profile.name}</th>`)}
      </tr>
      ${figures.map(
        ({ name, of }) =>
          html`<tr>
            <td class="muted">${name}</td>
            ${runs.map(({ summary }) => html`<td>${of(summary)}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`
}
