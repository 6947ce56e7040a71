/** Something measured of one request. Requests of one unit (a batch) are drawn together. */
export interface Sample {
  readonly unit: number
  readonly value: number
}

/** Samples in rising order, ready to be weighted and read again and again without sorting. */
export interface Sorted {
  readonly values: Float64Array
  readonly units: Uint32Array
}

export function sortSamples(samples: readonly Sample[]): Sorted {
  const rising = samples.toSorted((a, b) => a.value - b.value)
  return {
    values: Float64Array.from(rising, ({ value }) => value),
    units: Uint32Array.from(rising, ({ unit }) => unit),
  }
}

/** How often each unit was drawn. */
export type Weights = Uint32Array

/** 95 % of this many draws lie between the 25th and the 975th. */
export const draws = 1000

/** A block holds what waited for each other several times over, yet there are a few blocks. */
const jamsInBlock = 4
const leastBlocks = 4

/** How many units make a block, where `dependent` units that follow each other tell as much as one. */
export function blockLength(units: number, dependent: number): number {
  const wanted = Math.max(Math.cbrt(units), jamsInBlock * dependent)
  return Math.max(1, Math.round(Math.min(wanted, units / leastBlocks)))
}

/**
 * Draws `units` units in blocks of `length` neighbours, wrapping round at the end: requests that follow
 * each other wait in the same queue, and drawn one by one they would seem to say more than they do.
 */
export function drawBlocks(
  units: number,
  length: number,
  random: { below(limit: number): number },
): Weights {
  const weights = new Uint32Array(units)
  for (let drawn = 0; drawn < units;) {
    const start = random.below(units)
    for (let at = 0; at < length && drawn < units; at += 1, drawn += 1) {
      const unit = (start + at) % units
      weights[unit] = (weights[unit] ?? 0) + 1
    }
  }
  return weights
}

/** As `percentile` (type 7), each sample counted as often as its unit was drawn. Undefined for none. */
export function weightedPercentile(
  { values, units }: Sorted,
  weights: Weights,
  q: number,
): number | undefined {
  let total = 0
  for (const unit of units) total += weights[unit] ?? 0
  if (total === 0) return undefined
  const position = q * (total - 1)
  const below = Math.floor(position)
  let counted = 0
  let lower: number | undefined
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0
    counted += weights[units[at] ?? 0] ?? 0
    if (lower === undefined && counted > below) lower = value
    if (lower !== undefined && (counted > below + 1 || counted === total)) {
      return lower + (value - lower) * (position - below)
    }
  }
  return lower
}

export function weightedMean({ values, units }: Sorted, weights: Weights): number | undefined {
  let sum = 0
  let total = 0
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at] ?? 0
    const weight = weights[units[at] ?? 0] ?? 0
    sum += value * weight
    total += weight
  }
  return total === 0 ? undefined : sum / total
}
