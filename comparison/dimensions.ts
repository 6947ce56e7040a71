/** What targets are scored by. One more = one entry here and its figures in `score.ts`. */
export const dimensions = [
  { name: 'memory', title: 'memory', better: 'less', weight: 1 },
  { name: 'latency', title: 'latency', better: 'less', weight: 1 },
  { name: 'throughput', title: 'throughput', better: 'more', weight: 1 },
  { name: 'utilization', title: 'utilisation', better: 'more', weight: 1 },
  // Not of the article's four: in the score only for who gives them a weight.
  { name: 'quality', title: 'quality', better: 'more', weight: 0 },
  { name: 'cost', title: 'cost', better: 'less', weight: 0 },
] as const satisfies readonly Dimension[]

export interface Dimension {
  readonly name: string
  readonly title: string
  /** Of a figure: whether less of it is better. */
  readonly better: 'less' | 'more'
  /** When nobody gives another; only how the weights compare matters. */
  readonly weight: number
}

export type DimensionName = (typeof dimensions)[number]['name']
export const dimensionNames = dimensions.map(({ name }) => name)
