import type { Field, Panel, Target } from './model.ts'
import { fieldOf } from './fields.ts'
import type { RawSeries } from './prometheus.ts'

/** A series as a panel shows it. */
export interface Series {
  readonly refId: string
  readonly labels: Readonly<Record<string, string>>
  /** What people read. */
  readonly name: string
  readonly field: Field
  /** NaN and infinities are null: nothing can be drawn there. */
  readonly points: readonly (readonly [seconds: number, value: number | null])[]
}

/** The answers to a panel's queries under their names. */
export function seriesOf(
  panel: Panel,
  answers: readonly { readonly target: Target; readonly series: readonly RawSeries[] }[],
): readonly Series[] {
  return answers.flatMap(({ target, series }) =>
    series.map(({ labels, points }) => {
      const { refId } = target
      const legend = legendOf(target, labels)
      const field = fieldOf(panel, { name: legend, refId })
      return {
        refId,
        labels,
        name: field.displayName === undefined ? legend : filledName(field.displayName, labels),
        field,
        points: points.map(
          ([seconds, value]) => [seconds, Number.isFinite(value) ? value : null] as const,
        ),
      }
    }),
  )
}

/** True when there is anything to draw. */
export const hasValue = ({ points }: Series) => points.some(([, value]) => value !== null)

/** `{{label}}` stands for the label's value. */
export const filledIn = (format: string, labels: Series['labels']) =>
  format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? '')

/** Without a format all labels are the name. */
function legendOf({ legendFormat, expr }: Target, labels: Series['labels']): string {
  if (legendFormat !== '' && legendFormat !== '__auto') {
    return filledIn(legendFormat, labels)
  }
  const { __name__: name = '', ...others } = labels
  const inside = Object.entries(others).map(([label, value]) => `${label}="${value}"`)
  if (inside.length === 0) return name === '' ? expr : name
  return `${name}{${inside.join(', ')}}`
}

const filledName = (name: string, labels: Series['labels']) =>
  name.replaceAll(/\$\{__field\.labels\.(\w+)\}/g, (_, label: string) => labels[label] ?? '')
