import { html, jsonMarkup, Markup } from '../../../core/page/markup.ts'
import { pageStyle } from '../../../core/page/style.ts'
import { chartLibrary } from '../../../core/page/uplot.ts'
import { bandsOf } from '../../../core/policy.ts'
import { formatSpan } from '../../../core/units.ts'
import { chartScript } from './chart-script.ts'
import type { Comparison } from './json.ts'
import { clock, figures } from './text.ts'

const style = `
.forms td { white-space: normal; }
.scroll { overflow-x: auto; }
.legend output { white-space: normal; min-height: 1.5em; }
.notes { margin: 6px 0 0; padding-left: 18px; font-size: 14px; color: var(--muted); }
`

/** One page with everything in it: no other file, no network, light or dark as the reader's system. */
export function renderHtml(comparison: Comparison): string {
  const { load, options, results, notes } = comparison
  const uplot = chartLibrary()
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="rerankscope" />
        <title>rerankscope: ${load.name}</title>
        <style>
          ${new Markup(uplot.style + pageStyle + style)}
        </style>
      </head>
      <body>
        <main>
          <p class="brand">rerankscope autoscaling simulation</p>
          <header><h1>${load.name}</h1></header>
          <p class="muted small">
            ${clock(options.seconds)}, ${options.minReplicas} to ${options.maxReplicas} replicas,
            ${formatSpan(options.startSeconds)} to start one. Simulated, not measured.
          </p>
          <div class="card scroll">
            <table class="forms">
              <tr>
                ${figures.map(({ name }) => html`<th>${name}</th>`)}
              </tr>
              ${results.map(
                (result) =>
                  html`<tr>
                    ${figures.map(({ of }) => html`<td>${of(result)}</td>`)}
                  </tr>`,
              )}
            </table>
          </div>
          ${chartCard('replicas', 'Replicas', 'and the load, in replicas kept wholly busy')}
          ${chartCard('utilization', 'Utilisation', 'of the replicas that are ready')}
          ${
            notes.length === 0
              ? ''
              : html`<div class="card">
                  <h2>To know</h2>
                  <ul class="notes">
                    ${notes.map((note) => html`<li>${note}</li>`)}
                  </ul>
                </div>`
          }
        </main>
        <script type="application/json" id="data">
          ${jsonMarkup(chartData(comparison))}
        </script>
        <script>
          ${new Markup(`${uplot.script}\n${chartScript}`)}
        </script>
      </body>
    </html> `.text
}

function chartCard(id: string, title: string, subtitle: string): Markup {
  return html`<div class="card">
    <h2>${title} <span class="muted small">${subtitle}</span></h2>
    <div class="legend" id="legend-${id}"></div>
    <div class="chart" id="${id}"></div>
  </div>`
}

/** Columns as uPlot wants them, the first one time. All forms were sampled at the same times. */
function chartData({ options, results }: Comparison) {
  const times = results[0]?.samples.map(({ atSeconds }) => atSeconds) ?? []
  const round = (value: number) => Number(value.toFixed(4))
  const demand = results[0]?.samples.map((sample) => round(sample.demand)) ?? []
  const names = results.map(({ form }) => form)
  return {
    seconds: options.seconds,
    names,
    replicas: [
      times,
      demand,
      ...results.map(({ samples }) => samples.map(({ replicas }) => replicas)),
    ],
    utilization: [
      times,
      ...results.map(({ samples }) => samples.map((sample) => round(sample.utilizationRatio))),
    ],
    bands: bandsOf(options.policy).map(({ fromRatio, toRatio }) => [fromRatio, toRatio]),
    target: options.policy.target.utilizationRatio,
  }
}
