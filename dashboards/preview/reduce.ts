import type { Series } from './series.ts'

/** A series as one number, by the names of Grafana's calculations. Null when there is none. */
export function reduce({ points }: Series, calculation: string): number | null {
  const values = points.flatMap(([, value]) => (value === null ? [] : [value]))
  if (values.length === 0) return null
  switch (calculation) {
    case 'min':
      return values.reduce((a, b) => Math.min(a, b))
    case 'max':
      return values.reduce((a, b) => Math.max(a, b))
    case 'sum':
      return values.reduce((a, b) => a + b)
    case 'mean':
      return values.reduce((a, b) => a + b) / values.length
    case 'first':
    case 'firstNotNull':
      return values[0] ?? null
    case 'count':
      return values.length
    case 'last':
      return points.at(-1)?.[1] ?? null
    default:
      return values.at(-1) ?? null
  }
}

/** What a table of a legend says above the column. */
export function calculationName(calculation: string): string {
  return (
    { lastNotNull: 'Last', last: 'Last', firstNotNull: 'First' }[calculation] ??
    calculation.charAt(0).toUpperCase() + calculation.slice(1)
  )
}
