import type { Variable } from './model.ts'
import type { TimeWindow } from './window.ts'

/** A menu of a board: what there is to choose, and what is chosen. */
export interface Menu {
  readonly name: string
  readonly label: string
  readonly values: readonly string[]
  /** Empty for "All". */
  readonly chosen: readonly string[]
  /** What stands in a query for the variable: a regular expression. */
  readonly text: string
}

/** Chosen values by the name of the variable; no entry is "All". */
export type Choice = Readonly<Record<string, readonly string[] | undefined>>

type LabelValues = (label: string, selector: string | undefined) => Promise<readonly string[]>

/** More would make a query longer than it can be. */
const maximumValues = 200

/**
 * The menus of a board, each filled under those before it. What is no query (the data source, a
 * constant) is no menu: there is one Prometheus here.
 */
export async function fillMenus(
  variables: readonly Variable[],
  choice: Choice,
  window: TimeWindow,
  labelValues: LabelValues,
): Promise<readonly Menu[]> {
  const menus: Menu[] = []
  for (const variable of variables) {
    const query = queryOf(variable)
    if (query === undefined) continue
    const { label, selector } = query
    const filled = selector === undefined ? undefined : substitute(selector, menus, window)
    const values = [...(await labelValues(label, filled))].sort().slice(0, maximumValues)
    const chosen = (choice[variable.name] ?? []).filter((each) => values.includes(each))
    menus.push({
      name: variable.name,
      label: variable.label ?? variable.name,
      values,
      chosen,
      text: textOf(variable, chosen, values),
    })
  }
  return menus
}

/** `label_values(series, label)` or `label_values(label)`. */
function queryOf({ type, query }: Variable) {
  if (type !== 'query') return undefined
  const text = typeof query === 'object' && query !== null && 'query' in query ? query.query : query
  const match = /^label_values\((?:(.+),)?\s*(\w+)\s*\)$/s.exec(String(text))
  return match?.[2] === undefined ? undefined : { label: match[2], selector: match[1]?.trim() }
}

/** As Grafana writes it for Prometheus: several values become alternatives. */
function textOf(
  { allValue }: Variable,
  chosen: readonly string[],
  values: readonly string[],
): string {
  if (chosen.length === 0 && typeof allValue === 'string' && allValue !== '') return allValue
  const escaped = (chosen.length === 0 ? values : chosen).map(escapeRegex)
  // Nothing to choose from matches nothing that has the label.
  return escaped.length < 2 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}

/** For a regular expression, which stands in a quoted string of PromQL: hence two backslashes each. */
function escapeRegex(text: string): string {
  return text
    .replaceAll('\\', '\\\\\\\\')
    .replaceAll(/[\^$*+?.()|[\]{}]/g, '\\\\$&')
    .replaceAll('"', '\\"')
}

/**
 * A query with every variable filled in: `$name`, `${name}` and `${name:format}`. Without a window
 * Grafana's own (`$__rate_interval`) stay.
 */
export function substitute(text: string, menus: readonly Menu[], window?: TimeWindow): string {
  const values = new Map([
    ...(window === undefined ? [] : Object.entries(ownVariables(window))),
    ...menus.map((menu) => [menu.name, menu.text] as const),
  ])
  return text.replaceAll(
    /\$(?:(\w+)|\{(\w+)(?::\w+)?\})/g,
    (whole, bare: string | undefined, braced: string | undefined) =>
      values.get(bare ?? braced ?? '') ?? whole,
  )
}

function ownVariables(window: TimeWindow): Readonly<Record<string, string>> {
  const seconds = (value: number) => `${String(value)}s`
  return {
    __rate_interval: seconds(window.rateSeconds),
    __interval: seconds(window.stepSeconds),
    __interval_ms: String(window.stepSeconds * 1000),
    __range: seconds(window.rangeSeconds),
    __range_s: String(window.rangeSeconds),
  }
}
