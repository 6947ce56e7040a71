import * as grafana from '@grafana/grafana-foundation-sdk/dashboard'
import { assert } from '../core/assert.ts'
import { metrics } from '../core/metrics.ts'
import type { Policy } from '../core/policy.ts'
import { latest, type Query } from '../core/promql.ts'
import { boards } from './boards/index.ts'
import { chosen, type BoardDefinition, type Row } from './boards/board.ts'
import type { Board } from './index.ts'
import { lintBoard } from './lint.ts'
import { buildPanel, datasource } from './panel.ts'

/** Grafana 11's model: 12 and 13 raise it by themselves, 10 can read it. The SDK would say 42. */
const schemaVersion = 39
const columns = 24

/** Every board under a policy. A board that the linter rejects is not built. */
export function buildAll(policy: Policy): readonly Board[] {
  return boards.map((board) => {
    const json = `${JSON.stringify(buildModel(board, policy), null, 2)}\n`
    const problems = lintBoard(JSON.parse(json), policy)
    assert(problems.length === 0, `Board ${board.name}: ${problems.join('; ')}.`)
    const { name, uid, title, description } = board
    return { name, uid, title, description, json }
  })
}

function buildModel(board: BoardDefinition, policy: Policy) {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- file provisioning of Grafana 10 to 13 reads only the classic model
  const builder = new grafana.DashboardBuilder(board.title)
    .uid(board.uid)
    .description(board.description)
    .tags(['rerankscope'])
    .readonly()
    .tooltip(grafana.DashboardCursorSync.Crosshair)
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .timezone('browser')
    .annotation(
      new grafana.AnnotationQueryBuilder()
        .name('Annotations & Alerts')
        .datasource({ type: 'grafana', uid: '-- Grafana --' })
        .builtIn(1)
        .enable(true)
        .hide(true)
        .iconColor('rgba(0, 211, 255, 1)')
        .type('dashboard'),
    )
  for (const variable of variables()) builder.withVariable(variable)
  const model = builder.build()
  return { ...model, id: null, schemaVersion, panels: place(board.rows(policy)) }
}

/** Rows from top to bottom, the panels of a row from left to right. */
function place(rows: readonly Row[]): readonly grafana.Panel[] {
  let y = 0
  return rows.flatMap(({ height, panels }) => {
    let x = 0
    const placed = panels.map((panel) => {
      const built = buildPanel(panel, { x, y, w: panel.width, h: height })
      x += panel.width
      return built
    })
    assert(x <= columns, `A row of ${String(x)} columns does not fit into ${String(columns)}.`)
    y += height
    return placed
  })
}

/**
 * Where to look, from the widest to the narrowest. `job` has no "all" value of its own: "All" is
 * then the list of jobs that are sidecars. With `.+` a server whose own metrics are scraped as well
 * would be counted twice.
 */
function variables() {
  const { job } = chosen
  return [
    new grafana.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    choice('job', 'job', latest(metrics.guidanceState), 'job'),
    choice('instance', 'instance', latest(metrics.guidanceState, { job }), 'instance').allValue(
      anything,
    ),
    choice('gpu', 'GPU', latest(metrics.gpuInfo, chosen), 'gpu_uuid').allValue(anything),
  ]
}

const anything = '.+'

function choice<L extends string>(
  name: string,
  label: string,
  series: Query<L>,
  of: NoInfer<L>,
): grafana.QueryVariableBuilder {
  const query = `label_values(${series.text}, ${of})`
  return new grafana.QueryVariableBuilder(name)
    .label(label)
    .datasource(datasource)
    .query({ query, refId: name })
    .definition(query)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: ['All'], value: ['$__all'] })
    .refresh(grafana.VariableRefresh.OnTimeRangeChanged)
    .sort(grafana.VariableSort.AlphabeticalAsc)
}
