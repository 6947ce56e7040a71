import type { Row } from './row.ts'

/** The median over the rounds, and how far they are apart; null is unknown. */
export type Spread = NonNullable<Row['coldStartSeconds']>

/** Null for no values: unknown is not zero. */
export function spreadOf(values: readonly (number | null | undefined)[]): Spread | null {
  const known = values
    .filter((value) => value !== null && value !== undefined)
    .sort((a, b) => a - b)
  const [min] = known
  const max = known.at(-1)
  if (min === undefined || max === undefined) return null
  const middle = (known.length - 1) / 2
  const below = known[Math.floor(middle)] ?? min
  const above = known[Math.ceil(middle)] ?? max
  return { median: (below + above) / 2, min, max, rounds: known.length }
}

/** The sum; null as soon as one part is: a sum without it would be too small. */
export function sumOf(values: readonly (number | null)[]): number | null {
  return values.reduce<number | null>(
    (sum, value) => (sum === null || value === null ? null : sum + value),
    values.length === 0 ? null : 0,
  )
}
