/** The time that a preview shows. Seconds are Unix time. */
export interface TimeWindow {
  readonly fromSeconds: number
  readonly toSeconds: number
  /** Between two points of a line; both ends are multiples of it. */
  readonly stepSeconds: number
  /** What `$__rate_interval` and `$__range` stand for. */
  readonly rateSeconds: number
  readonly rangeSeconds: number
}

/** Steps that a person would choose. */
const steps = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600]
/** More would be finer than the pixels of a panel. */
const maximumPoints = 240
const secondsOfDay = 86_400

/**
 * The window with Grafana's rules: a step is no shorter than the time between two scrapes, and a rate
 * needs at least four scrapes (grafana.com/docs, "Prometheus template variables": `$__rate_interval`
 * is the larger of step + scrape interval and 4 × scrape interval).
 */
export function timeWindow(
  fromSeconds: number,
  toSeconds: number,
  scrapeSeconds: number,
): TimeWindow {
  const rangeSeconds = toSeconds - fromSeconds
  const least = Math.max(scrapeSeconds, rangeSeconds / maximumPoints)
  const step = steps.find((each) => each >= least) ?? Math.ceil(least / secondsOfDay) * secondsOfDay
  return {
    fromSeconds: Math.floor(fromSeconds / step) * step,
    toSeconds: Math.floor(toSeconds / step) * step,
    stepSeconds: step,
    rateSeconds: Math.max(step + scrapeSeconds, 4 * scrapeSeconds),
    rangeSeconds: Math.round(rangeSeconds),
  }
}

/** The instants at which lines have points. */
export function instantsOf({ fromSeconds, toSeconds, stepSeconds }: TimeWindow): readonly number[] {
  const count = Math.round((toSeconds - fromSeconds) / stepSeconds) + 1
  return Array.from({ length: count }, (_, at) => fromSeconds + at * stepSeconds)
}
