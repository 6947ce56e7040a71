import { chartPage } from '../../../core/page/chart-page.ts'
import { html, type Markup } from '../../../core/page/markup.ts'
import type { Run } from '../folder.ts'
import { figuresOf } from '../text.ts'
import {
  changeText,
  comparisonSentence,
  figureNames,
  figureValue,
  verdictWords,
  type ComparedRuns,
} from '../comparison.ts'
import { chartsOf } from './charts.ts'
import { clientScript } from './client.ts'
import { runSection } from './run-section.ts'
import { reportStyle } from './style.ts'

/**
 * One page with everything in it: no other file, no network, light or dark as the reader's system.
 * All text of the runs is escaped.
 */
export function renderHtml(runs: readonly Run[]): string {
  return page(runs, runs.length > 1 ? sideBySide(runs) : '')
}

/** The same for runs that are compared: what differs comes first. */
export function renderComparison(compared: ComparedRuns): string {
  const runs = [compared.base, ...compared.others.map(({ run }) => run)]
  return page(runs, html`${differences(compared)}${sideBySide(runs)}`)
}

function page(runs: readonly Run[], opening: Markup | string): string {
  const charts = runs.map(chartsOf)
  const sections = runs.map((run, number) =>
    runSection(run, charts[number] ?? chartsOf(run), { number, several: runs.length > 1 }),
  )
  return chartPage({
    title: runs.map(({ summary }) => summary.profile.name).join(', '),
    brand: 'load report',
    style: reportStyle,
    body: html`${opening} ${sections}`,
    data: { id: 'charts', value: charts },
    script: clientScript,
  })
}

function sideBySide(runs: readonly Run[]): Markup {
  return html`<div class="card compare" style="margin-bottom:48px">
    <h2>Side by side</h2>
    <table>
      <tr>
        <th></th>
        ${runs.map(({ summary, folder }) => html`<th>${summary.profile.name}<br />${folder}</th>`)}
      </tr>
      ${figuresOf(runs.map(({ summary }) => summary)).map(
        ({ name, of }) =>
          html`<tr>
            <td class="muted">${name}</td>
            ${runs.map(({ summary }) => html`<td>${of(summary)}</td>`)}
          </tr>`,
      )}
    </table>
  </div>`
}

const tones = { better: 'good', worse: 'bad', no_difference: 'good', not_known: 'warn' } as const

function differences({ base, others }: ComparedRuns): Markup {
  return html`${others.map(
    ({ run, comparison }) =>
      html`<div class="card">
        <div class="verdict">
          <span class="pill ${tones[comparison.verdict]}">${verdictWords[comparison.verdict]}</span>
          <div>
            <p>${run.folder} against ${base.folder}</p>
            <p class="muted small">${comparisonSentence(comparison)}</p>
          </div>
        </div>
        <div class="scroll">
          <table class="differences">
            <tr>
              <th></th>
              <th>base</th>
              <th>other</th>
              <th>difference (95 % interval)</th>
              <th></th>
            </tr>
            ${comparison.changes.map(
              (change) =>
                html`<tr>
                  <td>${figureNames[change.figure]}</td>
                  <td>${figureValue(change, change.base)}</td>
                  <td>${figureValue(change, change.other)}</td>
                  <td>${changeText(change)}</td>
                  <td>
                    <span class="pill ${tones[change.verdict]}"
                      >${verdictWords[change.verdict]}</span
                    >
                  </td>
                </tr>`,
            )}
          </table>
        </div>
        <ul class="muted small">
          ${comparison.notes.map((note) => html`<li>${note}</li>`)}
        </ul>
      </div>`,
  )}`
}
