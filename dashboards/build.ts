import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import { assert } from '../core/assert.ts'
import type { Policy } from '../core/policy.ts'
import { annotations } from './annotations.ts'
import { panelKinds, uidOf, type BoardDefinition, type Row, type Section } from './boards/board.ts'
import { boards } from './boards/index.ts'
import type { Board } from './index.ts'
import { lintBoard } from './lint.ts'
import { buildPanel } from './panel.ts'
import { variables } from './variables.ts'

/** Grafana 11's model: 12 and 13 raise it by themselves, 10 can read it. The SDK would say 42. */
const schemaVersion = 39
const columns = 24
const tag = 'rerankscope'

/** Every board under a policy. A board that the linter rejects is not built. */
export function buildAll(policy: Policy): readonly Board[] {
  return boards.map((board) => {
    const json = `${JSON.stringify(buildModel(board, policy), null, 2)}\n`
    const problems = lintBoard(JSON.parse(json), policy)
    assert(problems.length === 0, `Board ${board.name}: ${problems.join('; ')}.`)
    const { name, title, description } = board
    return { name, uid: uidOf(name), title, description, json }
  })
}

function buildModel(board: BoardDefinition, policy: Policy) {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- file provisioning of Grafana 10 to 13 reads only the classic model
  const builder = new grafana.DashboardBuilder(board.title)
    .uid(uidOf(board.name))
    .description(board.description)
    .tags([tag])
    .readonly()
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .link(otherBoards())
  for (const variable of variables(board)) builder.withVariable(variable)
  const sections = board.sections(policy)
  return {
    __requires: requirements(sections),
    ...builder.build(),
    id: null,
    schemaVersion,
    annotations: { list: annotations(policy) },
    panels: placeSections(sections),
  }
}

/** For people and for grafana.com: nothing that runs reads it. */
function requirements(sections: readonly Section[]) {
  const used = new Set(
    sections.flatMap(({ rows }) => rows.flatMap(({ panels }) => panels.map(({ kind }) => kind))),
  )
  return [
    { type: 'grafana', id: 'grafana', name: 'Grafana', version: '10.0.0' },
    { type: 'datasource', id: 'prometheus', name: 'Prometheus', version: '1.0.0' },
    ...panelKinds
      .filter((kind) => used.has(kind))
      .map((kind) => ({ type: 'panel', id: kind, name: kind, version: '' })),
  ]
}

/** The menu at the top; what is chosen on this board stays chosen on the next. */
function otherBoards(): grafana.DashboardLinkBuilder {
  return new grafana.DashboardLinkBuilder('rerankscope')
    .type(grafana.DashboardLinkType.Dashboards)
    .tags([tag])
    .asDropdown(true)
    .includeVars(true)
    .keepTime(true)
}

type PlacedPanel = grafana.Panel | grafana.RowPanel

function placeSections(sections: readonly Section[]): readonly PlacedPanel[] {
  let top = 0
  return sections.flatMap(({ heading, rows }): readonly PlacedPanel[] => {
    if (heading === undefined) {
      const { panels, bottom } = place(rows, top)
      top = bottom
      return panels
    }
    const { id, title, closed = false } = heading
    const { panels, bottom } = place(rows, top + 1)
    const row = {
      type: 'row' as const,
      id,
      title,
      collapsed: closed,
      gridPos: { x: 0, y: top, w: columns, h: 1 },
    }
    // A shut row holds its panels and takes one line; an open one only stands above them.
    top = closed ? top + 1 : bottom
    return closed ? [{ ...row, panels: [...panels] }] : [{ ...row, panels: [] }, ...panels]
  })
}

function place(rows: readonly Row[], top: number) {
  let y = top
  const panels = rows.flatMap((row) => {
    let x = 0
    const placed = row.panels.map((panel) => {
      const built = buildPanel(panel, { x, y, w: panel.width, h: row.height })
      x += panel.width
      return built
    })
    assert(x <= columns, `A row of ${String(x)} columns does not fit into ${String(columns)}.`)
    y += row.height
    return placed
  })
  return { panels, bottom: y }
}
