import type { HistogramValue } from './histogram.ts'
import type { Metric } from './metrics.ts'

/** One value of one metric of the catalogue, ready for any exporter. */
export interface Reading {
  readonly metric: Metric
  readonly labels: Readonly<Record<string, string>>
  readonly value: number | HistogramValue
}

/** A reading with exactly the labels that the catalogue lists. */
export function reading<L extends string>(
  metric: Metric<L>,
  labels: Readonly<Record<L, string>>,
  value: number | HistogramValue,
): Reading {
  return { metric, labels, value }
}

/** As `reading`, for a value that may be unknown: unknown is absent, never 0. */
export function readingIfKnown<L extends string>(
  metric: Metric<L>,
  labels: Readonly<Record<L, string>>,
  value: number | HistogramValue | undefined,
): readonly Reading[] {
  return value === undefined ? [] : [reading(metric, labels, value)]
}

/** One reading per possible state: 1 on the one that holds, 0 on the others. */
export function stateReadings<L extends string, S extends string>(
  metric: Metric<L>,
  labelsOf: (state: S) => Readonly<Record<L, string>>,
  states: readonly S[],
  current: S,
): readonly Reading[] {
  return states.map((state) => reading(metric, labelsOf(state), state === current ? 1 : 0))
}

/** Those of one metric together, in the order of first appearance. */
export function familiesOf<T>(
  all: Iterable<T>,
  metricOf: (one: T) => Metric,
): ReadonlyMap<Metric, readonly T[]> {
  const families = new Map<Metric, T[]>()
  for (const one of all) {
    const family = families.get(metricOf(one))
    if (family === undefined) families.set(metricOf(one), [one])
    else family.push(one)
  }
  return families
}
