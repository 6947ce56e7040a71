import { z } from 'zod'

/**
 * Grafana's classic model as far as the linter looks. What a stranger may have left out is optional
 * here, so that it is missed in a sentence of its own and not as a broken shape.
 */

const text = z.string().default('')
const count = z.number().int().min(0)
const datasource = z.object({ uid: text }).default({ uid: '' })

const targetSchema = z.object({
  refId: text,
  expr: text,
  legendFormat: text,
  instant: z.boolean().default(false),
  exemplar: z.boolean().default(false),
  datasource,
})

const defaults = z.object({
  unit: text,
  noValue: text,
  mappings: z.array(z.object({ type: text })).default([]),
  thresholds: z
    .looseObject({ steps: z.array(z.object({ value: z.number().nullable() })).default([]) })
    .default({ steps: [] }),
})

const panelFields = {
  id: z.number().int(),
  type: text,
  title: text,
  description: text,
  datasource,
  gridPos: z.object({ x: count, y: count, w: count, h: count }),
  fieldConfig: z
    .looseObject({ defaults })
    .default({ defaults: { unit: '', noValue: '', mappings: [], thresholds: { steps: [] } } }),
  targets: z.array(targetSchema).default([]),
}
const panelSchema = z.object(panelFields)
export type Panel = z.infer<typeof panelSchema>

const variableSchema = z.object({
  name: text,
  label: text,
  type: text,
  datasource,
  definition: text,
  multi: z.boolean().default(false),
  includeAll: z.boolean().default(false),
  refresh: z.number().default(0),
})
export type Variable = z.infer<typeof variableSchema>

const boardSchema = z.object({
  id: z.number().nullable().default(null),
  __inputs: z.unknown().optional(),
  uid: text,
  title: text,
  description: text,
  tags: z.array(z.string()).default([]),
  schemaVersion: z.number().default(0),
  editable: z.boolean().default(true),
  refresh: z.union([z.string(), z.boolean()]).default(''),
  templating: z.object({ list: z.array(variableSchema).default([]) }),
  annotations: z
    .looseObject({
      list: z.array(z.object({ name: text, datasource, expr: text })).default([]),
    })
    .default({ list: [] }),
  panels: z.array(z.object({ ...panelFields, panels: z.array(panelSchema).default([]) })).min(1),
})
type Parsed = z.infer<typeof boardSchema>

export interface BoardModel extends Omit<Parsed, 'panels'> {
  /** Every panel, those of closed rows as well, but no row. */
  readonly panels: readonly Panel[]
  readonly rows: readonly Panel[]
  /** Panels that share one grid: those of the board, and those of each closed row. */
  readonly grids: readonly (readonly Panel[])[]
}

/** The model, or a sentence for each part that is no part of a board. */
export function readModel(
  model: unknown,
): { readonly board: BoardModel } | { readonly problems: readonly string[] } {
  const { success, data, error } = boardSchema.safeParse(model)
  if (!success) {
    return {
      problems: error.issues.map(
        ({ path, message }) => `${path.join('.') || 'the whole'} is no part of a board: ${message}`,
      ),
    }
  }
  const rows = data.panels.filter(({ type }) => type === 'row')
  const nested = rows.map(({ panels }) => panels)
  return {
    board: {
      ...data,
      panels: [...data.panels.filter(({ type }) => type !== 'row'), ...nested.flat()],
      rows,
      grids: [data.panels, ...nested],
    },
  }
}
