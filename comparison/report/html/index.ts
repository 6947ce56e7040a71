import { chartPage } from '../../../core/page/chart-page.ts'
import { html, type Markup } from '../../../core/page/markup.ts'
import type { Bench } from '../../bench-file.ts'
import { dimensions } from '../../dimensions.ts'
import { score } from '../cells.ts'
import type { Table } from '../table.ts'
import { tablesOf } from '../tables.ts'
import { verdictSentences } from '../verdicts.ts'
import { chartsOf, type Chart } from './charts.ts'
import { clientScript } from './client.ts'
import { benchStyle } from './style.ts'

/** What targets say of themselves is escaped. */
export function formatHtml(bench: Bench): string {
  const charts = chartsOf(bench)
  return chartPage({
    title: bench.name,
    brand: 'comparison of rerankers',
    style: benchStyle,
    body: html`<header><h1>${bench.name}</h1></header>
      ${verdict(bench)} ${bars(bench)} ${charts.map(chartCard)} ${tablesOf(bench).map(tableCard)}
      ${reasons(bench)}`,
    data: { id: 'charts', value: charts },
    script: clientScript,
  })
}

function verdict(bench: Bench): Markup {
  const failed = bench.cells.some(({ state }) => state === 'failed' || state === 'invalid')
  const [tone, word] = !bench.complete
    ? ['bad', 'NOT COMPLETE']
    : failed
      ? ['warn', 'with gaps']
      : ['good', 'complete']
  const [first = '', ...others] = verdictSentences(bench)
  return html`<div class="card verdict" id="verdict">
    <span class="pill ${tone}">${word}</span>
    ${bench.emulated ? html`<span class="pill warn">emulated, not a GPU</span>` : ''}
    <div>
      <p>${first}</p>
      ${others.map((sentence) => html`<p class="muted small">${sentence}</p>`)}
    </div>
  </div>`
}

/** A group a dimension, a bar a target. */
function bars({ scores }: Bench): Markup {
  const groups = dimensions.flatMap(({ name, title }) => {
    const known = scores.flatMap(({ target, byDimension }, at) => {
      const own = byDimension[name] ?? null
      return own === null ? [] : [{ target, own, at }]
    })
    return known.length === 0 ? [] : [{ title, known }]
  })
  return html`<div class="card" id="scores-chart">
    <h2>Scores by dimension</h2>
    <div class="bars">
      ${groups.map(
        ({ title, known }) =>
          html`<h3>${title}</h3>
            ${known.map(
              ({ target, own, at }) =>
                html`<span>${target}</span>
                  <span class="bar"
                    ><i style="width:${own * 10}%;--key:var(--device${at % 4})"></i
                  ></span>
                  <span class="value">${score(own)}</span>`,
            )}`,
      )}
    </div>
  </div>`
}

const titles: Readonly<Record<Chart['id'], string>> = {
  'throughput-p95':
    'p95 against pairs/s, with 1, 4 and 8 requests on their way: further right and lower is better',
  utilization: 'Utilisation over time, sustained load',
}

function chartCard({ id, lines }: Chart): Markup {
  return html`<div class="card">
    <h2>${titles[id]}</h2>
    <div class="legend">
      ${lines.map(
        ({ label, place }) =>
          html`<span
            class="key ${place < 4 ? '' : 'stroke dashed'}"
            style="--key:var(--device${place % 4})"
            >${label}</span
          >`,
      )}<output></output>
    </div>
    <div class="chart" id="chart-${id}"></div>
  </div>`
}

function tableCard({ id, title, head, rows, notes }: Table): Markup {
  return html`<div class="card" id="table-${id}">
    <h2>${title}</h2>
    <div class="scroll">
      <table>
        <tr>
          ${head.map((cell) => html`<th>${cell}</th>`)}
        </tr>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((cell) => html`<td>${cell}</td>`)}
            </tr>`,
        )}
      </table>
    </div>
    ${listOf(notes)}
  </div>`
}

function listOf(items: readonly string[]): Markup | string {
  if (items.length === 0) return ''
  return html`<ul class="notes">
    ${items.map((item) => html`<li>${item}</li>`)}
  </ul>`
}

function reasons({ rows }: Bench): Markup | string {
  const told = rows.flatMap(({ target, reasons: own }) =>
    own.map((reason) => `${target}: ${reason}`),
  )
  if (told.length === 0) return ''
  return html`<div class="card" id="reasons">
    <h2>Why figures are missing or doubtful</h2>
    ${listOf(told)}
  </div>`
}
