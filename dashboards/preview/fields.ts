import type { Field, Mapping, Override, Panel } from './model.ts'
import { formatValue } from './units.ts'
import { stepTone, toneOf, type Tone } from './colors.ts'

/** What overrides find a value by. */
export interface FieldNames {
  /** As the legend of the query calls it. */
  readonly name: string
  readonly refId?: string
}

/** How to read one series or column: the panel's defaults with what overrides say on top. */
export function fieldOf({ fieldConfig }: Panel, names: FieldNames): Field {
  let field = fieldConfig.defaults
  for (const { matcher, properties } of fieldConfig.overrides) {
    if (!matches(matcher, names)) continue
    for (const { id, value } of properties) field = withProperty(field, id, value)
  }
  return field
}

function matches({ id, options }: Override['matcher'], { name, refId }: FieldNames): boolean {
  switch (id) {
    case 'byName':
      return options === name
    case 'byRegexp':
      return new RegExp(String(options).replace(/^\/(.*)\/$/, '$1')).test(name)
    case 'byFrameRefID':
      return options === refId
    default:
      return false
  }
}

function withProperty(field: Field, id: string, value: unknown): Field {
  const custom = /^custom\.(.+)$/.exec(id)?.[1]
  return custom === undefined
    ? { ...field, [id]: value }
    : { ...field, custom: { ...field.custom, [custom]: value } }
}

/** A value as text, and the colour that its words or its step give it. */
export function shown(
  field: Field,
  value: number | null,
): { text: string; tone: Tone | undefined } {
  const words = field.mappings.map((mapping) => outcomeOf(mapping, value)).find(Boolean)
  const text =
    words?.text ??
    (value === null ? (field.noValue ?? '–') : formatValue(field.unit, value, field.decimals))
  if (words?.color !== undefined) return { text, tone: toneOf(words.color) }
  return { text, tone: value === null ? undefined : stepTone(field.thresholds.steps, value) }
}

function outcomeOf(mapping: Mapping, value: number | null) {
  switch (mapping.type) {
    case 'value':
      return value === null ? undefined : mapping.options[String(value)]
    case 'range': {
      const { from, to, result } = mapping.options
      return value !== null && value >= (from ?? -Infinity) && value <= (to ?? Infinity)
        ? result
        : undefined
    }
    case 'special':
      return value === null && /null|nan|empty/.test(mapping.options.match)
        ? mapping.options.result
        : undefined
  }
}
