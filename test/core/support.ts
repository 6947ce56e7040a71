/** Half the width of the widest bucket over its middle; the first bucket, from 0, does not count. */
export function coarsestBucketRatio(bounds: readonly number[]): number {
  return Math.max(
    ...bounds.slice(1).map((upper, at) => {
      const lower = bounds[at] ?? 0
      return (upper - lower) / (upper + lower)
    }),
  )
}
