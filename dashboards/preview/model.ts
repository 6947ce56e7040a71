import { z } from 'zod'
import type { Board } from '../index.ts'

/** What the preview reads of Grafana's classic model. Format: the boards in dashboards/generated/. */

const step = z.looseObject({ value: z.number().nullable(), color: z.string() })
const thresholds = z.looseObject({ steps: z.array(step) })
const outcome = z.looseObject({ text: z.string().optional(), color: z.string().optional() })
const mapping = z.union([
  z.looseObject({ type: z.literal('value'), options: z.record(z.string(), outcome) }),
  z.looseObject({
    type: z.literal('range'),
    options: z.looseObject({
      from: z.number().nullable(),
      to: z.number().nullable(),
      result: outcome,
    }),
  }),
  z.looseObject({
    type: z.literal('special'),
    options: z.looseObject({ match: z.string(), result: outcome }),
  }),
])
const color = z.looseObject({ mode: z.string(), fixedColor: z.string().optional() })

const field = z.looseObject({
  unit: z.string().default('none'),
  decimals: z.number().optional(),
  min: z.number().optional(),
  max: z.number().optional(),
  noValue: z.string().optional(),
  displayName: z.string().optional(),
  mappings: z.array(mapping).default([]),
  thresholds: thresholds.default({ steps: [] }),
  color: color.optional(),
  custom: z.record(z.string(), z.unknown()).default({}),
})
const override = z.looseObject({
  matcher: z.looseObject({ id: z.string(), options: z.unknown() }),
  properties: z.array(z.looseObject({ id: z.string(), value: z.unknown() })),
})

const target = z.looseObject({
  refId: z.string(),
  expr: z.string(),
  legendFormat: z.string().default('__auto'),
  instant: z.boolean().default(false),
  hide: z.boolean().default(false),
})

const panel = z.looseObject({
  id: z.number(),
  type: z.string(),
  title: z.string().default(''),
  description: z.string().default(''),
  gridPos: z.object({ x: z.number(), y: z.number(), w: z.number(), h: z.number() }),
  fieldConfig: z
    .looseObject({ defaults: field, overrides: z.array(override).default([]) })
    .default({ defaults: field.parse({}), overrides: [] }),
  options: z.record(z.string(), z.unknown()).default({}),
  targets: z.array(target).default([]),
  transformations: z
    .array(z.looseObject({ id: z.string(), options: z.record(z.string(), z.unknown()) }))
    .default([]),
})

const variable = z.looseObject({
  name: z.string(),
  type: z.string(),
  label: z.string().optional(),
  hide: z.number().default(0),
  includeAll: z.boolean().default(false),
  allValue: z.string().nullish(),
  query: z.unknown(),
  regex: z.string().default(''),
  current: z.looseObject({ value: z.unknown() }).partial().default({}),
})

const annotation = z.looseObject({
  name: z.string(),
  enable: z.boolean().default(true),
  iconColor: z.string().default('text'),
  /** Of Prometheus; without one Grafana itself keeps what is marked. */
  expr: z.string().optional(),
  titleFormat: z.string().default(''),
})

const board = z.looseObject({
  title: z.string(),
  description: z.string().default(''),
  annotations: z.looseObject({ list: z.array(annotation) }).default({ list: [] }),
  templating: z.looseObject({ list: z.array(variable) }),
  panels: z.array(panel.extend({ panels: z.array(panel).default([]) })),
})

export type Field = z.infer<typeof field>
export type Override = z.infer<typeof override>
export type Target = z.infer<typeof target>
export type Panel = z.infer<typeof panel>
export type Annotation = z.infer<typeof annotation>
export type Variable = z.infer<typeof variable>
export type Mapping = z.infer<typeof mapping>
export type Steps = readonly z.infer<typeof step>[]

/** The panels below one heading; before the first heading it has no title. */
export interface Section {
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Model {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly variables: readonly Variable[]
  readonly annotations: readonly Annotation[]
  readonly sections: readonly Section[]
}

/** A board as the preview needs it: what a closed row holds stands below its heading, open. */
export function modelOf({ name, json }: Pick<Board, 'name' | 'json'>): Model {
  const { title, description, annotations, templating, panels } = board.parse(JSON.parse(json))
  const sections: { title: string; panels: Panel[] }[] = [{ title: '', panels: [] }]
  for (const one of panels) {
    if (one.type === 'row') sections.push({ title: one.title, panels: [...one.panels] })
    else sections.at(-1)?.panels.push(one)
  }
  return {
    name,
    title,
    description,
    variables: templating.list,
    annotations: annotations.list,
    sections: sections.filter((section) => section.panels.length > 0),
  }
}
