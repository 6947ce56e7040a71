import { metrics, type Metric } from './metrics.ts'
import type { Policy, Threshold } from './policy.ts'
import {
  aggregate,
  arithmetic,
  compare,
  either,
  filter,
  growth,
  histogramCount,
  histogramMean,
  histogramQuantile,
  latest,
  overTime,
  scrapeLabels,
  share,
  type Query,
  type ScrapeLabel,
  type Selector,
  type Window,
} from './promql.ts'

/** The figures that boards and alerts share, each written once. `where` narrows by scrape labels. */

type GpuLabel = 'gpu_uuid' | ScrapeLabel
type Where = Selector<ScrapeLabel>
const gpuLabels = ['gpu_uuid', 'namespace', 'job', 'instance'] as const

/** Without the GPUs that the sidecar knows to be another server's: it sees all of its machine. */
function ownGpus<L extends string>(
  query: Query<L | GpuLabel>,
  where: Selector<GpuLabel>,
): Query<L | GpuLabel> {
  const others = latest(metrics.gpuInfo, { ...where, attribution: 'none' })
  return filter(query, 'unless', gpuLabels, others)
}

/**
 * The exact mean utilisation, 0 to 1: busy time over observed time. Unlike the mean of a gauge it
 * does not depend on when the scrapes came, and a failed scrape loses nothing.
 */
export function utilization<const B extends GpuLabel>(
  by: readonly B[],
  window: Window,
  where: Selector<GpuLabel> = {},
): Query<B> {
  const own = (metric: typeof metrics.gpuBusySeconds) =>
    aggregate('sum', by, ownGpus(growth('rate', metric, window, where), where))
  return arithmetic(own(metrics.gpuBusySeconds), '/', own(metrics.gpuObservedSeconds))
}

/**
 * As `utilization`, over the GPUs alone that were observed for enough of the threshold's window, and
 * that the sidecar does not know to be another server's; of the scrapes that `among` has, where given.
 */
export function settledUtilization<const B extends GpuLabel>(
  by: readonly B[],
  { windowSeconds }: Pick<Threshold, 'windowSeconds'>,
  { minimumCoverageRatio }: Policy,
  where: Where = {},
  among?: Query<ScrapeLabel>,
): Query<B> {
  const settled = filter(
    compare(
      growth('increase', metrics.gpuObservedSeconds, windowSeconds, where),
      '>=',
      windowSeconds * minimumCoverageRatio,
    ),
    'unless',
    gpuLabels,
    overTime('max', metrics.gpuInfo, windowSeconds, { ...where, attribution: 'none' }),
  )
  const observed =
    among === undefined ? settled : filter(settled, 'and', ['namespace', 'job', 'instance'], among)
  const busy = filter(
    growth('increase', metrics.gpuBusySeconds, windowSeconds, where),
    'and',
    gpuLabels,
    observed,
  )
  return arithmetic(aggregate('sum', by, busy), '/', aggregate('sum', by, observed))
}

/** The share of observed time that each utilisation band took, 0 to 1. */
export function bandShare(window: Window, where: Selector<GpuLabel> = {}): Query<'band'> {
  const seconds = ownGpus(growth('rate', metrics.gpuBandSeconds, window, where), where)
  return share(aggregate('sum', ['band'], seconds), aggregate('sum', [], seconds))
}

/** The sidecars whose sources all answer: a reranker that still loads its model does not. */
export function answering(where: Where = {}): Query<ScrapeLabel> {
  return compare(aggregate('min', scrapeLabels, latest(metrics.sourceUp, where)), '==', 1)
}

/**
 * How long a request waits, in the time that a batch takes to compute. 0 without traffic, where the
 * quotient itself would be NaN; absent where nobody measures.
 */
export function queuePerCompute<const B extends ScrapeLabel>(
  by: readonly B[],
  window: Window,
  where: Where = {},
): Query<B> {
  const at = (stage: string) => ({ ...where, stage })
  const mean = (stage: string) => histogramMean(by, metrics.stageDuration, window, at(stage))
  const waited = aggregate('sum', by, histogramCount(metrics.stageDuration, window, at('queue')))
  return either(
    // NaN is not >= 0.
    compare(arithmetic(mean('queue'), '/', mean('infer')), '>=', 0),
    arithmetic(waited, '*', 0),
  )
}

/** The worst p95 of the last minute; a maximum, because a mean of quantiles means nothing. */
export function worstP95<const B extends 'target' | ScrapeLabel>(
  by: readonly B[],
  where: Where = {},
): Query<B> {
  return aggregate('max', by, latest(metrics.p95Latency, where))
}

/** The quantile of the request duration over all replicas of a group, in seconds. */
export function durationQuantile<const B extends ScrapeLabel>(
  q: number,
  by: readonly B[],
  window: Window,
  where: Where = {},
): Query<B> {
  return histogramQuantile(q, by, metrics.requestDuration, window, where)
}

/** Requests whose duration is known, over the window. */
export function measuredRequests<const B extends ScrapeLabel>(
  by: readonly B[],
  window: Window,
  where: Where = {},
): Query<B> {
  return aggregate('sum', by, histogramCount(metrics.requestDuration, window, where))
}

/** The p95 over the policy's budget, where enough requests were measured to speak of one. */
export function slowRequests<const B extends ScrapeLabel>(
  by: readonly B[],
  { p95Seconds, budget: { windowSeconds, minimumRequests } }: Policy,
  where: Where = {},
): Query<B> {
  return filter(
    compare(durationQuantile(0.95, by, windowSeconds, where), '>', p95Seconds),
    'and',
    by,
    compare(measuredRequests(by, windowSeconds, where), '>=', minimumRequests),
  )
}

/** Requests answered over the window, with whatever outcome. */
export function requests<const B extends ScrapeLabel>(
  by: readonly B[],
  window: Window,
  where: Where = {},
): Query<B> {
  return aggregate('sum', by, growth('increase', metrics.requests, window, where))
}

/** The share of requests that were not answered with scores, 0 to 1. NaN without traffic. */
export function errorRatio<const B extends ScrapeLabel>(
  by: readonly B[],
  window: Window,
  where: Where = {},
): Query<B> {
  const errors = aggregate('sum', by, growth('increase', metrics.errors, window, where))
  return arithmetic(errors, '/', requests(by, window, where))
}

/** Queries a second over the last 15 seconds, all targets together. */
export function currentQps(where: Where = {}): Query<never> {
  return aggregate('sum', [], latest(metrics.currentQps, where))
}

/** Pairs that wait for the device, all targets together. */
export function waitingPairs(where: Where = {}): Query<never> {
  return aggregate('sum', [], latest(metrics.queuePairs, where))
}

/** Requests that wait for the device, of servers that count those, all targets together. */
export function waitingRequests(where: Where = {}): Query<never> {
  return aggregate('sum', [], latest(metrics.queueRequests, where))
}

/** Query-document pairs scored a second. */
export function pairsPerSecond(window: Window, where: Where = {}): Query<never> {
  return aggregate('sum', [], growth('rate', metrics.pairs, window, where))
}

/** The memory of each GPU, in use over installed, where it was known throughout: the least of the window. */
export function lastingMemoryUse(
  { used, total }: { readonly used: Metric<'gpu_uuid'>; readonly total: Metric<'gpu_uuid'> },
  windowSeconds: number,
  { alerting: { minimumSamples } }: Policy,
  where: Where = {},
): Query<GpuLabel> {
  return filter(
    arithmetic(
      overTime('min', used, windowSeconds, where),
      '/',
      overTime('max', total, windowSeconds, where),
    ),
    'and',
    gpuLabels,
    compare(overTime('count', used, windowSeconds, where), '>=', minimumSamples),
  )
}

/**
 * The series of a 0-or-1 gauge that had one value throughout the policy's fault window. The window stands
 * in the query, not in `for`, because one failed scrape resets `for`; and it must hold enough
 * samples, so that a series that has just appeared does not count as lasting.
 */
export function lasting<L extends string>(
  value: 0 | 1,
  metric: Metric<L>,
  { alerting: { faultWindowSeconds, minimumSamples } }: Policy,
  where?: Selector<NoInfer<L | ScrapeLabel>>,
): Query<L | ScrapeLabel> {
  const labels = [...metric.labels, ...scrapeLabels]
  return filter(
    compare(overTime(value === 0 ? 'max' : 'min', metric, faultWindowSeconds, where), '==', value),
    'and',
    labels,
    compare(overTime('count', metric, faultWindowSeconds, where), '>=', minimumSamples),
  )
}
