import { z } from 'zod'
import { html } from '../../../core/page/markup.ts'
import { fieldOf, shown } from '../fields.ts'
import type { Panel } from '../model.ts'
import { reduce } from '../reduce.ts'
import type { Series } from '../series.ts'
import type { Kind } from './kind.ts'

/** More rows than a person reads. */
const maximumRows = 200

const namesSchema = z.looseObject({ include: z.looseObject({ names: z.array(z.string()) }) })
const organizeSchema = z.looseObject({
  indexByName: z.record(z.string(), z.number()).default({}),
  renameByName: z.record(z.string(), z.string()).default({}),
})

/** A row a set of labels; a query gives a column, and so does each of its labels. */
interface Row {
  readonly labels: Map<string, string>
  readonly values: Map<string, number | null>
}

export const table: Kind = {
  type: 'table',
  draw(panel, series) {
    const several = new Set(panel.targets.map(({ refId }) => refId)).size > 1
    const rows = merged(series, (refId) => (several ? `Value #${refId}` : 'Value'))
    const columns = columnsOf(panel, rows)
    const { renameByName } = organizationOf(panel)
    const heads = columns.map((name) => {
      const field = fieldOf(panel, { name })
      return { name, field, head: field.displayName ?? renameByName[name] ?? name }
    })
    return {
      markup: html`<div class="scroll">
        <table class="rows">
          <tr>
            ${heads.map(({ head }) => html`<th>${head}</th>`)}
          </tr>
          ${rows.slice(0, maximumRows).map(
            (row) =>
              html`<tr>
                ${heads.map(({ name, field }) => {
                  if (!isValue(name)) return html`<td>${row.labels.get(name) ?? ''}</td>`
                  const { text } = shown(field, row.values.get(name) ?? null)
                  return html`<td class="number">${text}</td>`
                })}
              </tr>`,
          )}
        </table>
      </div>`,
    }
  },
}

const isValue = (column: string) => /^Value(?: #\w+)?$/.test(column)

/** Grafana's "merge": answers come into one row where the labels that they share agree. */
function merged(series: readonly Series[], columnOf: (refId: string) => string): readonly Row[] {
  const rows: Row[] = []
  for (const one of series) {
    const column = columnOf(one.refId)
    const labels = Object.entries(one.labels).filter(([label]) => label !== '__name__')
    const value = reduce(one, 'lastNotNull')
    const row = rows.find(
      (each) =>
        !each.values.has(column) &&
        labels.every(([label, text]) => (each.labels.get(label) ?? text) === text),
    )
    if (row === undefined)
      rows.push({ labels: new Map(labels), values: new Map([[column, value]]) })
    else {
      row.values.set(column, value)
      for (const [label, text] of labels) row.labels.set(label, text)
    }
  }
  return rows
}

/** Those that "filter by name" keeps, in the order of "organize". */
function columnsOf(panel: Panel, rows: readonly Row[]): readonly string[] {
  const all = [
    ...new Set(rows.flatMap(({ labels, values }) => [...labels.keys(), ...values.keys()])),
  ]
  const kept = namesSchema.safeParse(optionsOf(panel, 'filterFieldsByName'))
  const names = kept.success ? kept.data.include.names : all
  const { indexByName } = organizationOf(panel)
  return names
    .filter((name) => all.includes(name) || kept.success)
    .sort((a, b) => (indexByName[a] ?? Infinity) - (indexByName[b] ?? Infinity))
}

const organizationOf = (panel: Panel) => organizeSchema.parse(optionsOf(panel, 'organize') ?? {})

const optionsOf = ({ transformations }: Panel, transformation: string) =>
  transformations.find(({ id }) => id === transformation)?.options
