import { createHash } from 'node:crypto'
import { html, jsonMarkup, Markup } from '../../../core/page/markup.ts'
import { pageStyle } from '../../../core/page/style.ts'
import { chartLibrary } from '../../../core/page/uplot.ts'
import { bandsOf, type Policy } from '../../../core/policy.ts'
import type { Snapshot } from '../../../core/snapshot.ts'
import { formatDuration, formatLine } from '../../../core/units.ts'
import { historySlots, historySlotSeconds, type HistoryLine } from '../../aggregate/history.ts'
import { clientScript } from './client.ts'
import { bandsInWords, partsOf } from './parts.ts'
import { statusStyle } from './style.ts'

export interface Page {
  readonly html: string
  readonly contentSecurityPolicy: string
}

const charts: readonly (readonly [figure: HistoryLine['figure'], title: string])[] = [
  ['utilization', 'GPU utilisation'],
  ['p95', 'p95 response time'],
  ['queries', 'Queries a second'],
  ['pairs', 'Pairs a second'],
  ['memory', 'GPU memory in use'],
]

/**
 * The status page: one document with everything in it, whose policy lets a browser run and load
 * nothing else, so that a name which a target or a GPU gives itself can do nothing. What changes is
 * painted once here and comes over `events` afterwards.
 */
export class StatusPage {
  readonly #policy: Policy
  readonly #version: string
  /** Made when the first person looks: most sidecars are never looked at. */
  #assets: ReturnType<typeof assetsOf> | undefined

  constructor(options: { readonly policy: Policy; readonly version: string }) {
    this.#policy = options.policy
    this.#version = options.version
  }

  render(snapshot: Snapshot): Page {
    const { style, script, contentSecurityPolicy } = (this.#assets ??= assetsOf())
    const parts = partsOf(snapshot, this.#policy)
    const part = (id: keyof typeof parts) => new Markup(parts[id])
    const target = snapshot.target === 'none' ? 'GPUs of this machine' : snapshot.target
    const document = html`<!doctype html>
      <html lang="en">
        <head>
          <meta charset="utf-8" />
          <meta name="viewport" content="width=device-width, initial-scale=1" />
          <meta name="generator" content="rerankscope" />
          <title>${target} · rerankscope</title>
          <link rel="icon" href="data:," />
          <noscript><meta http-equiv="refresh" content="10" /></noscript>
          ${style}
        </head>
        <body>
          <main>
            <header>
              <p class="brand">rerankscope sidecar</p>
              <span id="live">as of the moment this page was opened</span>
            </header>
            <h1>${target}</h1>
            <section class="card verdict" id="guidance" aria-live="polite" aria-label="Guidance">
              ${part('guidance')}
            </section>
            <section class="tiles" id="tiles" aria-label="Figures of now">${part('tiles')}</section>
            <div class="charts">${charts.map(([figure, title]) => this.#chart(figure, title))}</div>
            <section class="card">
              <h2>GPUs</h2>
              <div class="scroll" id="gpus">${part('gpus')}</div>
            </section>
            <section class="card">
              <h2>Sources</h2>
              <div class="scroll" id="sources">${part('sources')}</div>
            </section>
            <noscript
              ><p class="muted">The charts need JavaScript; this page renews itself.</p></noscript
            >
            <footer>
              <a href="metrics">metrics</a><a href="status">status</a
              ><a href="guidance">guidance</a>
              <span>rerankscope ${this.#version}</span>
            </footer>
          </main>
          <script type="application/json" id="setup">
            ${jsonMarkup(this.#setup())}
          </script>
          ${script}
        </body>
      </html> `
    return { html: document.text, contentSecurityPolicy }
  }

  #chart(figure: HistoryLine['figure'], title: string): Markup {
    const wide = figure === 'utilization'
    return html`<section class="card ${wide ? 'wide' : ''}">
      <h2>${title}<output id="value-${figure}"></output></h2>
      ${wide ? html`<p class="muted small">${bandsInWords(this.#policy)}</p>` : ''}
      <p class="legend" id="legend-${figure}" hidden></p>
      <div
        class="chart"
        id="chart-${figure}"
        role="img"
        aria-label="${title} over the last hour"
      ></div>
    </section>`
  }

  #setup(): object {
    const { target, p95Seconds } = this.#policy
    return {
      slots: historySlots,
      slotSeconds: historySlotSeconds,
      bands: bandsOf(this.#policy).map(({ fromRatio, toRatio }, at) => ({
        from: fromRatio,
        to: toRatio,
        label: ['scale in', 'waste', 'healthy', 'scale out'][at] ?? '',
      })),
      lines: {
        utilization: {
          at: target.utilizationRatio,
          label: `target ${formatLine(target.utilizationRatio)}`,
        },
        p95: { at: p95Seconds, label: `budget ${formatDuration(p95Seconds)}` },
      },
    }
  }
}

/** The style and the script as elements, and the policy that names them by their content. */
function assetsOf() {
  const uplot = chartLibrary()
  const style = uplot.style + pageStyle + statusStyle
  const script = `${uplot.script}\n${clientScript}`
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return {
    style: new Markup(`<style>${style}</style>`),
    script: new Markup(`<script>${script}</script>`),
    contentSecurityPolicy: [
      "default-src 'none'",
      `style-src ${hash(style)}`,
      `script-src ${hash(script)}`,
      "connect-src 'self'",
      'img-src data:',
      "base-uri 'none'",
      "form-action 'none'",
      "frame-ancestors 'none'",
    ].join('; '),
  }
}
