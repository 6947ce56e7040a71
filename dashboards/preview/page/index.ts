import { createHash } from 'node:crypto'
import { html, jsonMarkup, Markup } from '../../../core/page/markup.ts'
import { pageStyle } from '../../../core/page/style.ts'
import { chartLibrary } from '../../../core/page/uplot.ts'
import { formatWindow } from '../../../core/units.ts'
import type { Chart } from '../kinds/kind.ts'
import type { BoardPicture, PanelPicture } from '../picture.ts'
import type { Menu } from '../variables.ts'
import { clientScript } from './client.ts'
import { gridStyle, panelKey, previewStyle } from './style.ts'

export interface Page {
  readonly html: string
  /** Lets a browser run and load what is in the page, and nothing else. */
  readonly contentSecurityPolicy: string
}

/** What a page of the preview's server has beside its board: other boards, other times, news. */
export interface Live {
  readonly boards: readonly { readonly name: string; readonly title: string }[]
  readonly minutes: number
  readonly minuteChoices: readonly number[]
  readonly refreshSeconds: number
}

/** What a look at a board gives anew: the panels' insides and their charts. */
export interface Renewal {
  readonly panels: readonly {
    readonly key: string
    readonly state: PanelPicture['state']
    readonly markup: string
  }[]
  readonly charts: Readonly<Record<string, Chart>>
  readonly marks: BoardPicture['marks']
}

export function renewalOf({ name, sections, marks }: BoardPicture): Renewal {
  const panels = sections.flatMap((section) => section.panels)
  return {
    marks,
    panels: panels.map(({ id, state, markup }) => ({
      key: panelKey(name, id),
      state,
      markup: markup.text,
    })),
    charts: Object.fromEntries(
      panels.flatMap(({ id, chart }) => (chart === undefined ? [] : [[panelKey(name, id), chart]])),
    ),
  }
}

/** One page with everything in it: no other file, no network; with `live`, one that renews itself. */
export function renderPage(picture: BoardPicture, live?: Live): Page {
  const uplot = chartLibrary()
  const style = `${uplot.style}${pageStyle}${previewStyle}${gridStyle(picture)}`
  const script = `${uplot.script}\n${clientScript}`
  const setup = {
    board: picture.name,
    charts: renewalOf(picture).charts,
    marks: picture.marks,
    refreshSeconds: live?.refreshSeconds,
  }
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="generator" content="rerankscope" />
        <title>${picture.title} · preview</title>
        <link rel="icon" href="data:," />
        ${new Markup(`<style>${style}</style>`)}
      </head>
      <body>
        <main>
          ${live === undefined ? '' : navigation(picture, live)}
          <header>
            <h1>${picture.title}</h1>
            <span class="pill warn">a preview by rerankscope, not Grafana</span>
          </header>
          <p class="muted">${picture.description}</p>
          ${live === undefined ? '' : controls(picture.menus, live)} ${body(picture)}
          <footer>
            ${span(picture)}. Drawn by rerankscope from the board's JSON; Grafana draws the same
            queries in its own way.
          </footer>
        </main>
        <script type="application/json" id="setup">
          ${jsonMarkup(setup)}
        </script>
        ${new Markup(`<script>${script}</script>`)}
      </body>
    </html> `
  return { html: document.text, contentSecurityPolicy: policyOf(style, script) }
}

function body({ name, sections }: BoardPicture): Markup {
  return html`${sections.map(
    ({ title, panels }) =>
      html`${title === '' ? '' : html`<h2 class="section">${title}</h2>`}
        <div class="board">${panels.map((panel) => panelMarkup(name, panel))}</div>`,
  )}`
}

function panelMarkup(board: string, { id, title, description, grid, state, markup }: PanelPicture) {
  return html`<section
    class="panel ${grid.h <= 5 ? 'low' : ''}"
    id="${panelKey(board, id)}"
    data-state="${state}"
    data-title="${title}"
  >
    <h3 title="${description}">${title}</h3>
    <div class="body">${markup}</div>
  </section>`
}

function navigation({ name }: BoardPicture, { boards }: Live): Markup {
  return html`<nav>
    ${boards.map((board) =>
      board.name === name
        ? html`<a href="${board.name}" aria-current="page">${board.title}</a>`
        : html`<a href="${board.name}">${board.title}</a>`,
    )}
  </nav>`
}

function controls(menus: readonly Menu[], { minutes, minuteChoices }: Live): Markup {
  const options = [...new Set([...minuteChoices, minutes])].sort((a, b) => a - b)
  return html`<form method="get">
    ${menus.map(
      ({ name, label, values, chosen }) =>
        html`<label
          >${label}
          <select name="var-${name}">
            <option value="">All</option>
            ${values.map((value) => option(value, value, chosen.includes(value)))}
          </select></label
        >`,
    )}
    <label
      >time
      <select name="minutes">
        ${options.map((value) => option(String(value), spanName(value), value === minutes))}
      </select></label
    >
    <noscript><button>Show</button></noscript>
    <span id="age"></span>
  </form>`
}

const option = (value: string, text: string, selected: boolean) =>
  selected
    ? html`<option value="${value}" selected>${text}</option>`
    : html`<option value="${value}">${text}</option>`

const minutesOfHour = 60
const spanName = (minutes: number) =>
  minutes % minutesOfHour === 0
    ? `last ${String(minutes / minutesOfHour)} h`
    : `last ${String(minutes)} min`

function span({ window }: BoardPicture): string {
  const text = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z')
  return `${text(window.fromSeconds)} to ${text(window.toSeconds)}, a point each ${formatWindow(window.stepSeconds)}`
}

function policyOf(style: string, script: string): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`
  return [
    "default-src 'none'",
    `style-src ${hash(style)}`,
    `script-src ${hash(script)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
}
