import { assert } from './assert.ts'
import { metrics, type Metric } from './metrics.ts'

/**
 * PromQL, built from entries of the catalogue: a board or an alert cannot name a metric or a label
 * that rerankscope does not emit, and every query knows which metrics it reads.
 *
 * Only what Prometheus 2.42 and 3 both understand in the same way is in here.
 */
export interface Query<Label extends string = string> {
  readonly text: string
  /** What the query reads, for coverage, descriptions and docs. */
  readonly metrics: readonly Metric[]
  /** The labels that its series carry. */
  readonly labels: readonly Label[]
  /** True for an operator between two operands, which needs parentheses inside another. */
  readonly binary?: boolean
}

/** What Prometheus adds to every series when it scrapes; `namespace` only in Kubernetes. */
export const scrapeLabels = ['namespace', 'job', 'instance'] as const
export type ScrapeLabel = (typeof scrapeLabels)[number]

/** Prometheus' own verdict on a scrape; the only series here that rerankscope does not emit. */
export const scrapeUp: Metric<never> = {
  name: 'up',
  kind: 'gauge',
  unit: '1',
  labels: [],
  help: 'Whether the last scrape of the target worked (made by Prometheus itself).',
}

/** Prometheus' own record of the alerts that fire or are about to; with the labels of each alert. */
export const alertsNow: Metric<'alertname' | 'alertstate' | 'severity'> = {
  name: 'ALERTS',
  kind: 'gauge',
  unit: '1',
  labels: ['alertname', 'alertstate', 'severity'],
  help: 'Always 1; which alerts fire or are pending (made by Prometheus itself).',
}

/** Seconds, or one of Grafana's own. */
export type Window = number | '$__rate_interval' | '$__range'

/** Equality with a string, a regular expression that must match the whole value, or another value than. */
export type Matcher = string | { readonly matches: string } | { readonly not: string }
export type Selector<L extends string> = Readonly<Partial<Record<L, Matcher>>>
type AllLabels<L extends string> = L | ScrapeLabel

/** 60 → `1m`, 90 → `90s`, 1800 → `30m`: the largest unit that divides it. */
export function windowText(window: Window): string {
  if (typeof window === 'string') return window
  assert(Number.isInteger(window) && window > 0, 'A PromQL window needs whole seconds.')
  if (window % 3600 === 0) return `${String(window / 3600)}h`
  return window % 60 === 0 ? `${String(window / 60)}m` : `${String(window)}s`
}

/** As PromQL reads it, without binary noise: 0.9 * 300 → `270`. */
export function numberText(value: number): string {
  return String(Number(value.toPrecision(12)))
}

function selectorText(name: string, where?: Readonly<Record<string, Matcher | undefined>>): string {
  const matchers = Object.entries(where ?? {}).flatMap(([label, matcher]) => {
    if (matcher === undefined) return []
    if (typeof matcher === 'string') return [`${label}=${JSON.stringify(matcher)}`]
    return 'not' in matcher
      ? [`${label}!=${JSON.stringify(matcher.not)}`]
      : [`${label}=~${JSON.stringify(matcher.matches)}`]
  })
  return matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`
}

function overMetric<L extends string>(metric: Metric<L>, text: string): Query<AllLabels<L>> {
  return { text, metrics: [metric], labels: [...metric.labels, ...scrapeLabels] }
}

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
  return overMetric(metric, `${how}(${selectorText(metric.name, where)}[${windowText(window)}])`)
}

/** How often a counter fell within the window, which it does only when its process began anew. */
export function resets<L extends string>(
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'counter', `${metric.name} is no counter: it may fall at any time.`)
  return overMetric(metric, `resets(${selectorText(metric.name, where)}[${windowText(window)}])`)
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
  return overMetric(
    metric,
    `max_over_time(${selectorText(metric.name, where)}[${windowText(window)}])`,
  )
}

/** Seconds since the Unix time that a gauge holds. */
export function secondsSince<L extends string>(query: Query<L>): Query<L> {
  return { ...query, text: `time() - ${operand(query)}`, binary: true }
}

/** A gauge over a window. There is no `avg`: an averaged quantile is a lie, and ratios have counters. */
export function overTime<L extends string>(
  how: 'min' | 'max' | 'count' | 'absent',
  metric: Metric<L>,
  window: Window,
  where?: Selector<NoInfer<AllLabels<L>>>,
): Query<AllLabels<L>> {
  assert(metric.kind === 'gauge', `${metric.name} is no gauge: use growth().`)
  return overMetric(
    metric,
    `${how}_over_time(${selectorText(metric.name, where)}[${windowText(window)}])`,
  )
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
  return overMetric(
    metric,
    `avg_over_time(${selectorText(metric.name, where)}[${windowText(window)}])`,
  )
}

/** One series a group. `avg` is missing on purpose: divide two sums instead. */
export function aggregate<L extends string, const B extends L>(
  how: 'sum' | 'min' | 'max' | 'count',
  by: readonly B[],
  query: Query<L>,
): Query<B> {
  const grouping = by.length === 0 ? '' : ` by (${by.join(', ')})`
  return { text: `${how}${grouping} (${query.text})`, metrics: query.metrics, labels: by }
}

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
  const buckets = `${how}(${selectorText(`${metric.name}_bucket`, where)}[${windowText(window)}])`
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
  const buckets = `rate(${selectorText(`${metric.name}_bucket`, where)}[${windowText(window)}])`
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
  const text = `increase(${selectorText(`${metric.name}_${part}`, where)}[${windowText(window)}])`
  return overMetric(metric, text)
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

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!='

/** Keeps the series whose value stands so to `limit`, or to that of the series with the same labels. */
export function compare<L extends string>(
  query: Query<L>,
  how: Comparison,
  limit: number | Query<NoInfer<L>>,
): Query<L> {
  if (typeof limit !== 'number') return join(query, how, limit)
  return { ...query, text: `${operand(query)} ${how} ${numberText(limit)}`, binary: true }
}

/** Arithmetic between two queries whose series carry the same labels. */
export function arithmetic<L extends string>(
  left: Query<L>,
  how: '+' | '-' | '*' | '/',
  right: Query<NoInfer<L>> | number,
): Query<L> {
  if (typeof right === 'number') {
    return { ...left, text: `${operand(left)} ${how} ${numberText(right)}`, binary: true }
  }
  return join(left, how, right)
}

/** Keeps the left series that have (`and`) or lack (`unless`) a partner with the same `on` labels. */
export function filter<L extends string, R extends string>(
  left: Query<L>,
  how: 'and' | 'unless',
  on: readonly (L & R)[],
  right: Query<R>,
): Query<L> {
  return join(left, `${how} on (${on.join(', ')})`, right)
}

/** The left series that have a partner with the same labels, all of them, on the right. */
export function alsoIn<L extends string>(left: Query<L>, right: Query<NoInfer<L>>): Query<L> {
  return join(left, 'and', right)
}

/** The series of both; of two with the same labels the left one. */
export function either<L extends string>(left: Query<L>, right: Query<NoInfer<L>>): Query<L> {
  return join(left, 'or', right)
}

/** No value above `limit`. */
export function capped<L extends string>(query: Query<L>, limit: number): Query<L> {
  return {
    text: `clamp_max(${query.text}, ${numberText(limit)})`,
    metrics: query.metrics,
    labels: query.labels,
  }
}

/** Gives GPU series the number and name that people know them by; another server's GPUs are left out. */
export function withGpuNames<L extends string>(
  query: Query<L | AllLabels<'gpu_uuid'>>,
  where: Selector<ScrapeLabel> = {},
): Query<L | AllLabels<'gpu_uuid'> | 'gpu' | 'name'> {
  const on = ['gpu_uuid', 'job', 'instance'] as const
  const info = aggregate(
    'max',
    [...on, 'gpu', 'name'],
    latest(metrics.gpuInfo, { ...where, attribution: { not: 'none' } }),
  )
  const joined = join(query, `* on (${on.join(', ')}) group_left (gpu, name)`, info)
  return { ...joined, labels: [...query.labels, 'gpu', 'name'] }
}

/** Gives the series of a load generator the profile and the engine of their run. */
export function withRunNames<L extends ScrapeLabel>(
  query: Query<L | 'instance'>,
  where: Selector<ScrapeLabel> = {},
): Query<L | 'instance' | 'profile' | 'engine'> {
  const info = aggregate('max', ['instance', 'profile', 'engine'], latest(metrics.loadInfo, where))
  const joined = join(query, '* on (instance) group_left (profile, engine)', info)
  return { ...joined, labels: [...query.labels, 'profile', 'engine'] }
}

/** Each group of the left as a share of all groups together. */
export function share<L extends string>(part: Query<L>, whole: Query<never>): Query<L> {
  return join(part, `/ ignoring (${part.labels.join(', ')}) group_left`, whole)
}

function operand(query: Query): string {
  return query.binary === true ? `(${query.text})` : query.text
}

function join<L extends string>(left: Query<L>, operator: string, right: Query): Query<L> {
  return {
    text: `${operand(left)}\n${operator}\n${operand(right)}`,
    metrics: [...new Set([...left.metrics, ...right.metrics])],
    labels: left.labels,
    binary: true,
  }
}
