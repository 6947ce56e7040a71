import { html, type Markup } from '../../../core/page/markup.ts'
import { formatCount, formatDuration } from '../../../core/units.ts'
import type { Summary } from '../../measure/run-file.ts'
import { sloSentence } from '../../measure/slo.ts'
import type { Run } from '../folder.ts'
import { duration } from '../text.ts'
import type { Chart, Charts } from './charts.ts'
import { lengthsCard } from './lengths.ts'
import { tiles } from './tiles.ts'

const chartTitles = {
  latency: ['Response time', 'each request from its intended time; the line is the p95 of a slice'],
  utilization: [
    'GPU utilisation',
    'share of time in which at least one kernel ran, with the policy’s bands',
  ],
  rate: ['Queries a second', 'offered by the schedule, and answered with success'],
  flight: [
    'Requests in flight',
    'sent and not ended, on average; it climbs when the target falls behind',
  ],
  distribution: [
    'Distribution',
    'how many requests took how long; response counts from the intended time, service from the send',
  ],
} as const

/** Without a schedule a request is due when it is sent. */
const saturatedTitles: Partial<Record<Chart['kind'], readonly [string, string]>> = {
  latency: ['Service time', 'each request from its send; the line is the p95 of a slice'],
  rate: ['Queries a second', 'sent as others ended, and answered with success'],
  distribution: ['Distribution', 'how many requests took how long, from the send'],
}

/** One run: the verdict first, then the figures, then how they came about. */
export function runSection(
  { summary, folder }: Run,
  charts: Charts,
  { number, several }: { readonly number: number; readonly several: boolean },
): Markup {
  const { profile, target, engine, dataset } = summary
  const [fewest, most] = profile.documentsPerQuery
  const documents = fewest === most ? String(most) : `${String(fewest)} to ${String(most)}`
  return html`<section class="run">
    <header>
      <h1>${profile.name}</h1>
      <span class="pill ${summary.validity.valid ? 'good' : 'bad'}"
        >${summary.validity.valid ? 'valid run' : 'INVALID run'}</span
      >
      ${several ? html`<span class="muted small">${folder}</span>` : ''}
    </header>
    <p class="muted">
      ${rhythm(summary)} of ${documents} documents for ${formatCount(profile.seconds)} s against
      ${target.model ?? 'an unnamed model'} on ${target.server ?? target.dialect} at ${target.url}
    </p>
    ${verdicts(summary)} ${tiles(summary)}
    ${charts.charts.map((chart) => chartCard(chart, number, summary))}
    <div class="two">${shapes(summary)} ${percentiles(summary)}</div>
    ${lengthsCard(summary)}
    <details>
      <summary>How this was measured</summary>
      <ul>
        ${[
          ...summary.notes,
          ...(charts.thinnedTo === undefined
            ? []
            : [
                `the chart of response times shows about ${formatCount(charts.thinnedTo)} requests; the figures count all`,
              ]),
          `started ${summary.startedAt}, seed ${String(profile.seed)}, ${engine.name} ${engine.version}, dialect ${target.dialect}`,
          `${dataset.name} data set; ${(dataset.fillShare * 100).toFixed(0)} % of the documents fill up queries that have too few of their own; ${(dataset.repeatShare * 100).toFixed(0)} % of the pairs were offered before in this run`,
          `${String(engine.warmUp.requests)} requests warmed up before the run and are not counted`,
          `dispatch lag p50 ${duration(summary.validity.dispatchLagSeconds.p50)}, p99 ${duration(summary.validity.dispatchLagSeconds.p99)}, longest ${duration(summary.validity.dispatchLagSeconds.max)}`,
        ].map((note) => html`<li>${note}</li>`)}
      </ul>
    </details>
  </section>`
}

/** How requests came: by the schedule's rate, or as many at a time as were asked for. */
function rhythm({ profile, saturation }: Summary): string {
  if (saturation !== undefined) {
    return `${formatCount(saturation.concurrency)} requests on their way at all times (saturated: the target sets the rate)`
  }
  const rate = `${formatCount(profile.queriesPerSecond)} queries/s`
  return profile.queriesPerBatch === 1
    ? rate
    : `${rate} in batches of ${String(profile.queriesPerBatch)}`
}

/** The script finds its place by the id, and shows what is under the cursor in the `output`. */
function chartCard({ kind, series }: Chart, number: number, summary: Summary): Markup {
  const { saturation, steady } = summary
  const closed = saturation === undefined ? undefined : saturatedTitles[kind]
  const [title, explanation] = closed ?? chartTitles[kind]
  return html`<div class="card">
    <h2>${title}</h2>
    <p class="muted small">
      ${explanation}${
        kind === 'utilization' && steady !== undefined
          ? `; the figures are of the steady window, ${formatDuration(steady.startSeconds)} to ${formatDuration(steady.endSeconds)}`
          : ''
      }
    </p>
    <p class="legend">
      ${series.map(
        ({ label, style }) =>
          html`<span
            class="key ${keyClass(style)}"
            style="--key:var(--${keyColour[style] ?? style})"
            >${label}</span
          >`,
      )}<output></output>
    </p>
    <div class="chart" id="chart-${number}-${kind}"></div>
  </div>`
}

const keyColour: Readonly<Record<string, string>> = {
  failed: 'bad',
  p95: 'ink',
  offered: 'muted',
  answered: 'accent',
}

function keyClass(style: string): string {
  if (style.startsWith('shape') || style === 'failed') return ''
  return style === 'offered' ? 'stroke dashed' : 'stroke'
}

const guidanceTones = {
  healthy: 'good',
  scale_out: 'bad',
  scale_in: 'warn',
  waste: 'warn',
  unmeasurable: 'warn',
  unknown: 'warn',
} as const satisfies Record<Summary['guidance']['state'], string>

function verdicts({ validity, guidance, slo, totals }: Summary): Markup {
  const card = (tone: string, title: string, sentence: string, reasons: readonly string[]) =>
    html`<div class="card verdict">
      <span class="pill ${tone}">${title}</span>
      <div>
        <p>${sentence}</p>
        ${
          reasons.length === 0
            ? ''
            : html`<ul>
                ${reasons.map((reason) => html`<li>${reason}</li>`)}
              </ul>`
        }
      </div>
    </div>`
  return html`${
    validity.valid
      ? ''
      : card(
          'bad',
          'INVALID',
          'The generator did not offer what was asked for; the figures below are not those of the profile.',
          validity.reasons,
        )
  }
  ${
    totals.failed === 0
      ? ''
      : card(
          'bad',
          'failures',
          `${formatCount(totals.failed)} of ${formatCount(totals.requests)} requests failed.`,
          Object.entries(totals.byOutcome)
            .filter(([outcome]) => outcome !== 'ok')
            .map(([outcome, count]) => `${formatCount(count)} × ${outcome}`),
        )
  }
  ${
    slo.length === 0
      ? ''
      : card(
          slo.every(({ met }) => met) ? 'good' : 'bad',
          slo.every(({ met }) => met) ? 'SLO met' : 'SLO missed',
          `${String(slo.filter(({ met }) => met).length)} of ${String(slo.length)} thresholds are kept.`,
          slo.map((one) => `${one.met ? '✓' : '✗'} ${sloSentence(one)}`),
        )
  }
  ${card(
    guidanceTones[guidance.state],
    guidance.state.replace('_', ' '),
    guidance.recommendation,
    guidance.reasons,
  )}`
}

function shapes({ byShape }: Summary): Markup {
  const longest = Math.max(...byShape.map(({ responseSeconds }) => responseSeconds.p95 ?? 0))
  const share = (value: number | null) => (longest > 0 ? ((value ?? 0) / longest) * 100 : 0)
  return html`<div class="card">
    <h2>By shape</h2>
    <p class="muted small">dark to p50, light to p95</p>
    <table>
      <tr>
        <th>documents</th>
        <th>requests</th>
        <th>p50</th>
        <th>p95</th>
        <th></th>
      </tr>
      ${byShape.map(
        ({ documents, requests, responseSeconds }) =>
          html`<tr>
            <td>${documents}</td>
            <td>${requests}</td>
            <td>${duration(responseSeconds.p50)}</td>
            <td>${duration(responseSeconds.p95)}</td>
            <td class="wide">
              <div class="bar" style="width:${share(responseSeconds.p95).toFixed(1)}%">
                <i
                  style="width:${((share(responseSeconds.p50) / (share(responseSeconds.p95) || 1)) * 100).toFixed(1)}%"
                ></i>
              </div>
            </td>
          </tr>`,
      )}
    </table>
  </div>`
}

function percentiles({ latencySeconds }: Summary): Markup {
  const { response, service, batch, server } = latencySeconds
  const row = (name: string, cells: readonly (number | null)[]) =>
    html`<tr>
      <td>${name}</td>
      ${cells.map((cell) => html`<td>${duration(cell)}</td>`)}
    </tr>`
  const phases = [
    ['queue', server.queueSeconds],
    ['tokenise', server.tokeniseSeconds],
    ['infer', server.inferSeconds],
    ['total', server.totalSeconds],
  ] as const
  const told = phases.filter(([, seconds]) => seconds !== null)
  return html`<div class="card">
    <h2>Latency</h2>
    <p class="muted small">response counts from the intended time, service from the send</p>
    <table>
      <tr>
        <th></th>
        <th>p50</th>
        <th>p90</th>
        <th>p95</th>
        <th>p99</th>
        <th>max</th>
      </tr>
      ${row('response', [response.p50, response.p90, response.p95, response.p99, response.max])}
      ${row('service', [service.p50, service.p90, service.p95, service.p99, service.max])}
      ${batch === null ? '' : row('batch', [batch.p50, null, batch.p95, null, null])}
    </table>
    ${
      told.length === 0
        ? ''
        : html`<p class="muted small" style="margin-top:10px">
            The server’s own medians:
            ${told.map(([name, seconds]) => `${name} ${duration(seconds)}`).join(', ')}.
          </p>`
    }
  </div>`
}
