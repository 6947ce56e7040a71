import { chartPage } from '../../../core/page/chart-page.ts'
import { html, type Markup } from '../../../core/page/markup.ts'
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

/** The comparison as one page, with charts. */
export function renderHtml(comparison: Comparison): string {
  const { load } = comparison
  return chartPage({
    title: load.name,
    brand: 'autoscaling simulation',
    style,
    body: bodyOf(comparison),
    data: { id: 'data', value: chartData(comparison) },
    script: chartScript,
  })
}

function bodyOf({ load, options, results, notes }: Comparison): Markup {
  return html`<header><h1>${load.name}</h1></header>
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
    ${notes.length === 0 ? '' : notesCard(notes)}`
}

function notesCard(notes: readonly string[]): Markup {
  return html`<div class="card">
    <h2>To know</h2>
    <ul class="notes">
      ${notes.map((note) => html`<li>${note}</li>`)}
    </ul>
  </div>`
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
