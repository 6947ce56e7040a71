import { html, type Markup } from '../../core/page/markup.ts'
import { UserError } from '../../core/errors.ts'
import { panelQueries } from '../coverage.ts'
import type { Board } from '../index.ts'
import type { Chart } from './kinds/kind.ts'
import { kinds } from './kinds/index.ts'
import { marksOf, type Mark } from './marks.ts'
import { modelOf, type Panel, type Target } from './model.ts'
import type { Prometheus, RawSeries } from './prometheus.ts'
import { hasValue, seriesOf } from './series.ts'
import { fillMenus, substitute, type Choice, type Menu } from './variables.ts'
import type { TimeWindow } from './window.ts'

/** A board with its data, ready to be put into a page. */
export interface BoardPicture {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly window: TimeWindow
  readonly menus: readonly Menu[]
  readonly marks: readonly Mark[]
  readonly sections: readonly {
    readonly title: string
    readonly panels: readonly PanelPicture[]
  }[]
}

export interface PanelPicture {
  readonly id: number
  readonly title: string
  readonly description: string
  readonly grid: Panel['gridPos']
  /** `empty`: no value came back. `allowed`: nor need one. `failed`: a query did. `unknown`: a kind we cannot draw. */
  readonly state: 'drawn' | 'empty' | 'allowed' | 'failed' | 'unknown'
  readonly markup: Markup
  readonly chart: Chart | undefined
}

interface Look {
  readonly prometheus: Prometheus
  readonly window: TimeWindow
  readonly choice: Choice
  readonly signal?: AbortSignal
}

/** More lines than that cannot be told apart, and make a page heavy. */
const maximumSeries = 100
/** Queries on their way at a time: a look at a board must not be a load of its own. */
const atOnce = 6

/** Asks a Prometheus what a board asks. Rejects with a `UserError` when it cannot be asked at all. */
export async function pictureOf(board: Board, look: Look): Promise<BoardPicture> {
  const { title, description, name, variables, annotations, sections } = modelOf(board)
  const { prometheus, window, choice, signal } = look
  const menus = await fillMenus(variables, choice, window, (label, selector) =>
    prometheus.labelValues(label, selector, window, signal),
  )
  const marks = await marksOf(annotations, (expression) =>
    prometheus.range(substitute(expression, menus, window), window, signal),
  )
  const reasons = new Map(
    panelQueries([board]).map((query) => [
      `${String(query.panel)}${query.refId}`,
      query.mayBeEmpty,
    ]),
  )
  const panels = sections.flatMap((section) => section.panels)
  const drawn = await inTurn(panels, async (panel) => {
    const allowed = panel.targets
      .map(({ refId }) => reasons.get(`${String(panel.id)}${refId}`))
      .filter((reason) => reason !== undefined)
    const mayBeEmpty = allowed.length === panel.targets.length ? allowed[0] : undefined
    return drawPanel(panel, { ...look, menus, mayBeEmpty })
  })
  const byPanel = new Map(panels.map((panel, at) => [panel, drawn[at]]))
  return {
    ...{ name, title, description, window, menus, marks },
    sections: sections.map((section) => ({
      title: section.title,
      panels: section.panels.flatMap((panel) => byPanel.get(panel) ?? []),
    })),
  }
}

type PanelLook = Look & {
  readonly menus: readonly Menu[]
  readonly mayBeEmpty: string | undefined
}

async function drawPanel(panel: Panel, look: PanelLook): Promise<PanelPicture> {
  const { id, title, description, gridPos: grid } = panel
  const kind = kinds.find(({ type }) => type === panel.type)
  const said = (state: PanelPicture['state'], markup: Markup): PanelPicture => ({
    ...{ id, title, description, grid, state, markup },
    chart: undefined,
  })
  if (kind === undefined) {
    return said(
      'unknown',
      html`<p class="said">The preview cannot draw a panel of the kind ${panel.type}.</p>`,
    )
  }
  try {
    const answers = await Promise.all(
      panel.targets
        .filter(({ hide }) => !hide)
        .map(async (target) => ({ target, series: await answerTo(target, look) })),
    )
    const series = seriesOf(panel, answers).filter(hasValue)
    if (series.length === 0) {
      const nothing = html`<p class="nothing">
        ${panel.fieldConfig.defaults.noValue ?? 'No data'}
      </p>`
      return look.mayBeEmpty === undefined
        ? said('empty', nothing)
        : said(
            'allowed',
            html`${nothing}
              <p class="said">${look.mayBeEmpty}</p>`,
          )
    }
    const { markup, chart } = kind.draw(panel, series.slice(0, maximumSeries), look.window)
    const more = series.length - maximumSeries
    const note = more > 0 ? html`<p class="said">${more} more are not shown.</p>` : ''
    return { ...said('drawn', html`${markup}${note}`), chart }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return said('failed', html`<p class="said">${error.message}</p>`)
  }
}

function answerTo(target: Target, look: PanelLook): Promise<readonly RawSeries[]> {
  const { prometheus, menus, window, signal } = look
  const expression = substitute(target.expr, menus, window)
  return target.instant
    ? prometheus.instant(expression, window.toSeconds, signal)
    : prometheus.range(expression, window, signal)
}

/** As `Promise.all`, but no more than `atOnce` of them at a time. */
async function inTurn<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const queue = values.entries()
  const worker = async () => {
    for (const [at, value] of queue) results[at] = await work(value)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return results
}
