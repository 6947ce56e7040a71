import type { HistogramValue } from '../../core/histogram.ts'
import { parseValue, type PrometheusPage, type PrometheusSample } from './prometheus-text.ts'

/** What is taken over from a page becomes series of ours: a label or a histogram without end must not. */
export const maximumLabelValues = 64
export const maximumBuckets = 512

/** Which series of a family are meant. */
export type Matcher = (labels: ReadonlyMap<string, string>) => boolean

export const every: Matcher = () => true

/** Series with exactly these values of these labels. */
export function having(wanted: Readonly<Record<string, string>>): Matcher {
  const entries = Object.entries(wanted)
  return (labels) => entries.every(([label, value]) => labels.get(label) === value)
}

export function both(a: Matcher, b: Matcher): Matcher {
  return (labels) => a(labels) && b(labels)
}

function matching(
  page: PrometheusPage,
  name: string,
  matches: Matcher,
): readonly PrometheusSample[] {
  return (page.samples.get(name) ?? []).filter(
    ({ labels, value }) => Number.isFinite(value) && matches(labels),
  )
}

/** A sum or a product of a page's numbers; undefined when it left what a number can hold. */
export function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined
}

/** Of the series that match; undefined when there is none: nothing is known, which is not 0. */
export function sumOf(page: PrometheusPage, name: string, matches = every): number | undefined {
  const values = matching(page, name, matches)
  if (values.length === 0) return undefined
  return finite(values.reduce((total, { value }) => total + value, 0))
}

/** As `sumOf`, apart by the value of one label, the first `maximumLabelValues` of them. */
export function sumsBy(
  page: PrometheusPage,
  name: string,
  label: string,
  matches = every,
): Readonly<Record<string, number>> | undefined {
  const sums = new Map<string, number>()
  for (const { labels, value } of matching(page, name, matches)) {
    const key = labels.get(label)
    if (key === undefined) continue
    if (!sums.has(key) && sums.size === maximumLabelValues) continue
    sums.set(key, (sums.get(key) ?? 0) + value)
  }
  const known = [...sums].filter(([, sum]) => Number.isFinite(sum))
  return known.length === 0 ? undefined : Object.fromEntries(known)
}

/** The values that a label takes among the series that match, in order of appearance. */
export function labelsOf(
  page: PrometheusPage,
  name: string,
  label: string,
  matches = every,
): readonly string[] {
  const values = (page.samples.get(name) ?? []).flatMap(({ labels }) =>
    matches(labels) ? (labels.get(label) ?? []) : [],
  )
  return [...new Set(values)].slice(0, maximumLabelValues)
}

/**
 * The histograms of the series that match, added up; `scale` turns the source's unit into ours.
 * Undefined when there is none, when their bounds differ, or when one is no histogram: no +Inf
 * bucket, counts that fall, buckets without end.
 */
export function histogramSum(
  page: PrometheusPage,
  name: string,
  matches = every,
  scale = 1,
): HistogramValue | undefined {
  const sum = sumOf(page, `${name}_sum`, matches)
  const cumulative = new Map<number, { count: number; series: number }>()
  for (const { labels, value } of page.samples.get(`${name}_bucket`) ?? []) {
    if (!matches(labels)) continue
    const bound = parseValue(labels.get('le') ?? '')
    if (bound === undefined || Number.isNaN(bound) || !Number.isFinite(value)) return undefined
    const bucket = cumulative.get(bound)
    if (bucket === undefined) cumulative.set(bound, { count: value, series: 1 })
    else {
      bucket.count += value
      bucket.series += 1
    }
  }
  const buckets = [...cumulative].sort(([a], [b]) => a - b)
  const series = buckets[0]?.[1].series
  if (sum === undefined || buckets.at(-1)?.[0] !== Infinity || buckets.length > maximumBuckets) {
    return undefined
  }
  const counts: number[] = []
  let below = 0
  for (const [, bucket] of buckets) {
    if (bucket.series !== series || bucket.count < below) return undefined
    counts.push(bucket.count - below)
    below = bucket.count
  }
  const bounds = buckets.slice(0, -1).map(([bound]) => bound * scale)
  const histogram = { bounds, counts, sum: sum * scale }
  return isFinite(histogram) ? histogram : undefined
}

function isFinite({ bounds, counts, sum }: HistogramValue): boolean {
  return [...bounds, ...counts, sum].every(Number.isFinite)
}

/**
 * Where a source says only how many there were and what they add up to: a histogram without
 * buckets, of which a mean can be had and no quantile. Undefined when either is unknown.
 */
export function withoutBuckets(
  count: number | undefined,
  sum: number | undefined,
): HistogramValue | undefined {
  return count === undefined || sum === undefined ? undefined : { bounds: [], counts: [count], sum }
}

/**
 * The one model that figures are taken of, of the series `among` which it is looked for, and the
 * matcher of its series. Throws an `Error` that
 * names the models when there are several and none is `wanted`, or when the wanted one is missing:
 * a sum over a reranker and its tokeniser would be no figure of anything.
 */
export function oneModel(
  page: PrometheusPage,
  family: string,
  label: string,
  wanted: string | undefined,
  among = every,
): { readonly model: string | undefined; readonly matches: Matcher } {
  const models = labelsOf(page, family, label, among)
  const model = wanted ?? (models.length === 1 ? models[0] : undefined)
  if (models.length > 0 && (model === undefined || !models.includes(model))) {
    throw new Error(
      wanted === undefined
        ? `the target serves several models (${models.join(', ')}): choose one with --model.`
        : `the target has no figures of the model ${wanted}, only of ${models.join(', ')}: check --model.`,
    )
  }
  return { model, matches: model === undefined ? among : both(among, having({ [label]: model })) }
}
