import { assert } from '../assert.ts'
import type { Metric } from '../metrics.ts'
import { aggregate, arithmetic } from './operators.ts'
import {
  numberText,
  overMetric,
  overWindow,
  type AllLabels,
  type Query,
  type Selector,
  type Window,
} from './query.ts'

/** The q-quantile of a histogram of the catalogue, over all series of a group. */
export function histogramQuantile<L extends string, const B extends AllLabels<L>>(
  q: number,
  by: readonly B[],
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<B> {
  return quantileOver('rate', q, by, metric, window, where)
}

/** As `histogramQuantile`, over all that the counters of one run took in; see `lifetimeTotal`. */
export function lifetimeQuantile<L extends string, const B extends AllLabels<L>>(
  q: number,
  by: readonly B[],
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<B> {
  return quantileOver('max_over_time', q, by, metric, window, where)
}

function quantileOver<L extends string, const B extends AllLabels<L>>(
  how: 'rate' | 'max_over_time',
  q: number,
  by: readonly B[],
  metric: Metric<L>,
  window: Window,
  where: Selector<NoInfer<AllLabels<L>>> | undefined,
): Query<B> {
  assert(metric.kind === 'histogram', `${metric.name} is no histogram.`)
  const buckets = overWindow(how, `${metric.name}_bucket`, window, where)
  const text = `histogram_quantile(${numberText(q)}, sum by (${[...by, 'le'].join(', ')}) (${buckets}))`
  return { text, metrics: [metric], labels: by }
}

/** Observations a second in each bucket and those below it, for a heatmap. */
export function histogramBuckets<L extends string>(
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<'le'> {
  assert(metric.kind === 'histogram', `${metric.name} is no histogram.`)
  const buckets = overWindow('rate', `${metric.name}_bucket`, window, where)
  return { text: `sum by (le) (${buckets})`, metrics: [metric], labels: ['le'] }
}

/** How many observations a histogram took in over the window. */
export function histogramCount<L extends string>(
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  return histogramPart('count', metric, window, where)
}

function histogramPart<L extends string>(
  part: 'count' | 'sum',
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'histogram', `${metric.name} is no histogram.`)
  return overMetric(metric, overWindow('increase', `${metric.name}_${part}`, window, where))
}

/** The mean of what a histogram took in over the window, over all series of a group. NaN of nothing. */
export function histogramMean<L extends string, const B extends AllLabels<L>>(
  by: readonly B[],
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<B> {
  return arithmetic(
    aggregate('sum', by, histogramPart('sum', metric, window, where)),
    '/',
    aggregate('sum', by, histogramCount(metric, window, where)),
  )
}
