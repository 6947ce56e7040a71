/**
 * PromQL, built from entries of the catalogue: a board or an alert cannot name a metric or a label
 * that rerankscope does not emit, and every query knows which metrics it reads.
 *
 * Only what Prometheus 2.42 and 3 both understand in the same way is in here.
 */
export {
  scrapeLabels,
  scrapeUp,
  alertsNow,
  windowText,
  numberText,
  type Query,
  type ScrapeLabel,
  type Window,
  type Selector,
} from './promql/query.ts'
export {
  latest,
  anyOf,
  growth,
  resets,
  lifetimeTotal,
  overTime,
  sampledMean,
} from './promql/series.ts'
export {
  histogramQuantile,
  lifetimeQuantile,
  histogramBuckets,
  histogramCount,
  histogramMean,
} from './promql/histograms.ts'
export {
  aggregate,
  secondsSince,
  compare,
  arithmetic,
  filter,
  alsoIn,
  either,
  capped,
  share,
} from './promql/operators.ts'
export { withGpuNames, withRunNames } from './promql/names.ts'
