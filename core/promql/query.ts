import { assert } from '../assert.ts'
import type { Metric } from '../metrics.ts'

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
export type AllLabels<L extends string> = L | ScrapeLabel

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

export function selectorText(
  name: string,
  where?: Readonly<Record<string, Matcher | undefined>>,
): string {
  const matchers = Object.entries(where ?? {}).flatMap(([label, matcher]) => {
    if (matcher === undefined) return []
    if (typeof matcher === 'string') return [`${label}=${JSON.stringify(matcher)}`]
    return 'not' in matcher
      ? [`${label}!=${JSON.stringify(matcher.not)}`]
      : [`${label}=~${JSON.stringify(matcher.matches)}`]
  })
  return matchers.length === 0 ? name : `${name}{${matchers.join(', ')}}`
}

export function overMetric<L extends string>(metric: Metric<L>, text: string): Query<AllLabels<L>> {
  return { text, metrics: [metric], labels: [...metric.labels, ...scrapeLabels] }
}

/** A function of the samples of a window: `rate(name{…}[5m])`. */
export function overWindow(
  how: string,
  name: string,
  window: Window,
  where?: Readonly<Record<string, Matcher | undefined>>,
): string {
  return `${how}(${selectorText(name, where)}[${windowText(window)}])`
}
