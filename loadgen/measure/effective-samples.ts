/** Longer series are read in so many blocks of neighbours at most, which bounds the work. */
const mostBlocks = 4096

/**
 * How many independent samples would say as much about the mean of a series, whose values stand in
 * order of time. Requests that follow each other wait in the same queue: a thousand that met ten jams
 * tell of ten jams. It is the count over the sum of all autocorrelations, cut off where they are noise
 * (Geyer's initial positive sequence), and never more than there are values.
 */
export function effectiveSamples(series: ArrayLike<number>): number {
  const { length } = series
  const size = Math.max(1, Math.ceil(length / mostBlocks))
  const mean = meanOf(series)
  const centred = Float64Array.from(series, (value) => value - mean)
  const variance = meanOf(centred.map((value) => value * value))
  if (length === 0 || variance === 0) return length
  const blocks = Float64Array.from({ length: Math.floor(length / size) }, (_, at) =>
    meanOf(centred.subarray(at * size, (at + 1) * size)),
  )
  const ratio = (size * longRunVariance(blocks)) / variance
  return Math.min(length, Math.max(1, Math.floor(length / ratio)))
}

/** Of the mean, times the count: the sum of the autocovariances over all lags, of both signs. */
function longRunVariance(centred: Float64Array): number {
  let sum = -autocovariance(centred, 0)
  for (let lag = 0; lag + 1 < centred.length / 2; lag += 2) {
    const pair = autocovariance(centred, lag) + autocovariance(centred, lag + 1)
    // Neighbouring lags of any stationary series sum to more than 0; from here on it is chance.
    if (pair <= 0) break
    sum += 2 * pair
  }
  return sum
}

function autocovariance(centred: Float64Array, lag: number): number {
  let sum = 0
  for (let at = lag; at < centred.length; at += 1) {
    sum += (centred[at] ?? 0) * (centred[at - lag] ?? 0)
  }
  return sum / centred.length
}

function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let at = 0; at < values.length; at += 1) sum += values[at] ?? 0
  return values.length === 0 ? 0 : sum / values.length
}
