import { dimensions, type DimensionName } from './dimensions.ts'

/** What a target is scored by: of each dimension one figure or several, null where unknown. */
export type Figures = Readonly<Partial<Record<DimensionName, readonly (number | null)[]>>>

export type Weights = Readonly<Record<DimensionName, number>>

export interface Score {
  /** From 0 to 10; null where there is no figure. */
  readonly byDimension: Readonly<Record<DimensionName, number | null>>
  /** Null where no dimension with a weight is known. */
  readonly total: number | null
  /** The share of the weights that stands behind the total: 1 where every dimension is known. */
  readonly weightShare: number
}

const best = 10

/** Defaults where nothing is given; the weights of a matrix replace single ones. They sum to one. */
export function weightsOf(given: Readonly<Partial<Record<DimensionName, number>>>): Weights {
  const raw = dimensions.map(({ name, weight }) => [name, given[name] ?? weight] as const)
  const sum = raw.reduce((all, [, weight]) => all + weight, 0)
  if (!(sum > 0)) throw new RangeError('No dimension has a weight.')
  return Object.fromEntries(raw.map(([name, weight]) => [name, weight / sum])) as Weights
}

/**
 * Scores of targets against each other. A figure's score is ten times its ratio to the best figure
 * present, so the best has 10, one half as good has 5, and no unit matters. A dimension of several
 * figures takes the mean of their scores. The total is the weighted mean over the dimensions that are
 * known: a missing one is left out, it is not zero.
 */
export function scoresOf(targets: readonly Figures[], weights: Weights): readonly Score[] {
  const byDimension = dimensions.map(({ name, better }) => ({
    name,
    scores: dimensionScores(
      targets.map((target) => target[name] ?? []),
      better,
    ),
  }))
  return targets.map((_, at) => {
    const own = byDimension.map(({ name, scores }) => [name, scores[at] ?? null] as const)
    const known = own.flatMap(([name, score]) =>
      score === null || weights[name] === 0 ? [] : [{ score, weight: weights[name] }],
    )
    const weightShare = known.reduce((sum, { weight }) => sum + weight, 0)
    const sum = known.reduce((all, { score, weight }) => all + score * weight, 0)
    return {
      byDimension: Object.fromEntries(own) as Score['byDimension'],
      total: weightShare === 0 ? null : sum / weightShare,
      weightShare,
    }
  })
}

function dimensionScores(
  targets: readonly (readonly (number | null)[])[],
  better: 'less' | 'more',
): readonly (number | null)[] {
  const columns = Math.max(0, ...targets.map((figures) => figures.length))
  const scored = Array.from({ length: columns }, (_, column) =>
    ratios(
      targets.map((figures) => figures[column] ?? null),
      better,
    ),
  )
  return targets.map((_, at) => {
    const known = scored.map((column) => column[at] ?? null).filter((score) => score !== null)
    return known.length === 0 ? null : known.reduce((sum, one) => sum + one, 0) / known.length
  })
}

/** A figure of 0 or less compares with nothing, and gets no score. */
function ratios(
  values: readonly (number | null)[],
  better: 'less' | 'more',
): readonly (number | null)[] {
  const known = values.flatMap((value) => (value !== null && value > 0 ? [value] : []))
  const leader = better === 'less' ? Math.min(...known) : Math.max(...known)
  return values.map((value) => {
    if (value === null || value <= 0) return null
    return best * (better === 'less' ? leader / value : value / leader)
  })
}
