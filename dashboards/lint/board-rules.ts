import { boardNames, uidOf } from '../boards/board.ts'
import type { BoardModel, Panel, Variable } from './model.ts'
import { parseExpression } from './promql.ts'
import { repeated, type BoardRule } from './rule.ts'

const templated = '${datasource}'
const always = ['datasource', 'namespace', 'job', 'model', 'instance', 'gpu']

function variable({ templating }: BoardModel, name: string): Variable | undefined {
  return templating.list.find((one) => one.name === name)
}

/** A menu of a label's values, from which several can be chosen. */
function menu(name: string): BoardRule['check'] {
  return (board) => {
    const one = variable(board, name)
    if (one === undefined) return []
    return [
      ...(one.label === name ? [] : [`the variable ${name} is not labelled ${name}`]),
      ...(one.type === 'query' ? [] : [`the variable ${name} asks no query`]),
      ...(one.datasource.uid === templated ? [] : [`the variable ${name} has a fixed data source`]),
      ...(one.multi && one.includeAll
        ? []
        : [`the variable ${name} does not let several be chosen`]),
    ]
  }
}

export const boardRules: readonly BoardRule[] = [
  {
    name: 'template-datasource-rule',
    check: (board) =>
      variable(board, 'datasource')?.type === 'datasource'
        ? []
        : ['the data source is not chosen by a variable called datasource'],
  },
  { name: 'template-job-rule', check: menu('job') },
  { name: 'template-instance-rule', check: menu('instance') },
  {
    name: 'template-label-promql-rule',
    check: ({ templating }) =>
      templating.list
        .filter(({ type }) => type === 'query')
        .flatMap(({ name, definition }) => {
          const series = /^label_values\((.+), \w+\)$/s.exec(definition)?.[1]
          return series !== undefined && parseExpression(series).error === undefined
            ? []
            : [`the query of the variable ${name} is no label_values() of a selector`]
        }),
  },
  {
    name: 'template-on-time-change-reload-rule',
    check: ({ templating }) =>
      templating.list
        .filter(({ type, refresh }) => type === 'query' && refresh !== 2)
        .map(({ name }) => `the variable ${name} is not read anew when the time changes`),
  },
  {
    name: 'uneditable-dashboard',
    check: ({ editable }) => (editable ? ['the board can be edited: a change would be lost'] : []),
  },
  {
    name: 'every-variable',
    check: (board) =>
      always
        .filter((name) => variable(board, name) === undefined)
        .map((name) => `the variable ${name} is missing`),
  },
  {
    name: 'classic-model',
    check: (board) => [
      ...(board.id === null ? [] : ['it carries the id of one installation']),
      ...(board.schemaVersion === 39
        ? []
        : [`schemaVersion is ${String(board.schemaVersion)}: Grafana 10 to 13 all read 39`]),
      ...(typeof board.refresh === 'string' ? [] : ['refresh is not a text']),
      ...(board.__inputs !== undefined ? ['__inputs breaks provisioning; use ${datasource}'] : []),
      ...(board.title === '' || board.description === ''
        ? ['it has no title or no description']
        : []),
      ...(board.tags.includes('rerankscope') ? [] : ['it lacks the tag that links the boards']),
    ],
  },
  {
    name: 'known-uid',
    check: ({ uid }) =>
      boardNames.map(uidOf).includes(uid) ? [] : [`no board of rerankscope has the uid ${uid}`],
  },
  {
    name: 'annotation-datasource',
    check: ({ annotations }) =>
      annotations.list
        .filter(({ datasource }) => ![templated, '-- Grafana --'].includes(datasource.uid))
        .map(({ name }) => `the annotation ${name} has a fixed data source`),
  },
  {
    name: 'unique-ids',
    check: ({ panels, rows }) =>
      repeated([...rows, ...panels].map(({ id }) => id)).map(
        (id) => `two panels have the id ${String(id)}`,
      ),
  },
  { name: 'grid-overlap', check: ({ grids }) => grids.flatMap(overlaps) },
]

function overlaps(panels: readonly Panel[]): readonly string[] {
  return panels.flatMap((a, at) =>
    panels.slice(at + 1).flatMap((b) => {
      const apart =
        a.gridPos.x + a.gridPos.w <= b.gridPos.x ||
        b.gridPos.x + b.gridPos.w <= a.gridPos.x ||
        a.gridPos.y + a.gridPos.h <= b.gridPos.y ||
        b.gridPos.y + b.gridPos.h <= a.gridPos.y
      return apart ? [] : [`panels "${a.title}" and "${b.title}" overlap`]
    }),
  )
}
