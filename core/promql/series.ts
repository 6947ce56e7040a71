import { assert } from '../assert.ts'
import type { Metric } from '../metrics.ts'
import {
  overMetric,
  overWindow,
  scrapeLabels,
  selectorText,
  type AllLabels,
  type Query,
  type Selector,
  type Window,
} from './query.ts'

/** The latest sample of a gauge or counter. */
export function latest<L extends string>(
  metric: Metric<L>,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind !== 'histogram', `${metric.name} is a histogram: it has no single value.`)
  return overMetric(metric, selectorText(metric.name, where))
}

/** The series of several gauges at once, for what they have in common. Not for arithmetic. */
export function anyOf<L extends string>(
  several: readonly Metric<L>[],
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  const names = several.map(({ name }) => name).join('|')
  return {
    text: selectorText('', { __name__: { matches: names }, ...where }),
    metrics: several,
    labels: [...several.flatMap(({ labels }) => labels), ...scrapeLabels],
  }
}

/** Growth a second (`rate`) or over the window (`increase`) of a counter. */
export function growth<L extends string>(
  how: 'rate' | 'increase',
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'counter', `${metric.name} is no counter: ${how}() of it means nothing.`)
  return overMetric(metric, overWindow(how, metric.name, window, where))
}

/** How often a counter fell within the window, which it does only when its process began anew. */
export function resets<L extends string>(
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'counter', `${metric.name} is no counter: it may fall at any time.`)
  return overMetric(metric, overWindow('resets', metric.name, window, where))
}

/**
 * What a counter ended at that began at 0 with its series and was never continued, as those of one
 * run do: exact, where increase() would extrapolate and miss what came before the first sample.
 */
export function lifetimeTotal<L extends string>(
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'counter', `${metric.name} is no counter.`)
  return overMetric(metric, overWindow('max_over_time', metric.name, window, where))
}

/** A gauge over a window. There is no `avg`: an averaged quantile is a lie, and ratios have counters. */
export function overTime<L extends string>(
  how: 'min' | 'max' | 'count' | 'absent',
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'gauge', `${metric.name} is no gauge: use growth().`)
  return overMetric(metric, overWindow(`${how}_over_time`, metric.name, window, where))
}

/**
 * The mean of a gauge's samples, for gauges that no counter integrates: it takes each sample as if
 * nothing had happened in between. Not for quantiles, of which a mean means nothing.
 */
export function sampledMean<L extends string>(
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'gauge', `${metric.name} is no gauge: use growth().`)
  return overMetric(metric, overWindow('avg_over_time', metric.name, window, where))
}
