import { catalogue, metrics, type Metric } from '../../core/metrics.ts'
import { thresholdNames, thresholdsOf, type Policy } from '../../core/policy.ts'
import { alertsNow, scrapeLabels, scrapeUp, windowText } from '../../core/promql.ts'
import { narrowedBy, readsCounter } from './excuses.ts'
import type { SeriesSelector } from './promql.ts'
import type { Question, QuestionRule } from './rule.ts'

/** Rules about an expression of a panel or an annotation. */
export const questionRules: readonly QuestionRule[] = [
  {
    name: 'target-promql-rule',
    check: ({ expression: { error } }) =>
      error === undefined ? [] : [`a query is no PromQL from "${error}" on`],
  },
  {
    name: 'known-metric',
    check: ({ expression: { selectors } }) =>
      selectors.length === 0
        ? ['a query reads no metric']
        : selectors.flatMap(({ names }) =>
            names
              .filter((name) => metricOf(name) === undefined)
              .map((name) => `there is no metric ${name}`),
          ),
  },
  {
    name: 'known-label',
    check: eachMetric((metric, { matchers }) =>
      matchers
        .filter(({ label }) => !labelsOf(metric).includes(label))
        .map(({ label }) => `${metric.name} has no label ${label}`),
    ),
  },
  { name: 'target-job-rule', check: narrowedOn(['namespace', 'job']) },
  { name: 'target-instance-rule', check: narrowedOn(['instance']) },
  {
    name: 'target-counter-agg-rule',
    check: eachMetric((metric, { within }) =>
      metric.kind === 'counter' && !readsCounter(metric).includes(within[0] ?? '')
        ? [`the counter ${metric.name} is read without rate() or increase()`]
        : [],
    ),
  },
  {
    name: 'target-rate-interval-rule',
    check: ({ expression, instant }, policy) =>
      expression.selectors.flatMap(({ window }) =>
        window === undefined ||
        window === '$__rate_interval' ||
        (instant && [...windowsOf(policy), '$__range'].includes(window))
          ? []
          : [`the window ${window} is not $__rate_interval`],
      ),
  },
  {
    name: 'no-mean-of-quantiles',
    check: eachMetric((metric, { within }) =>
      metric === metrics.p95Latency &&
      within.some((call) => !['max', 'max_over_time'].includes(call))
        ? [`${metric.name} is a finished quantile: take its max(), never its mean`]
        : [],
    ),
  },
  {
    name: 'policy-limits',
    check: ({ expression: { limits } }, policy) =>
      limits
        .filter((limit) => !limitsOf(policy).includes(limit))
        .map((limit) => `a query compares with ${String(limit)}, which is no number of the policy`),
  },
  {
    name: 'known-legend-label',
    check: ({ expression: { selectors }, legend }) => {
      const known = selectors.flatMap(({ names }) =>
        names.flatMap((name) => {
          const metric = metricOf(name)
          return metric === undefined ? [] : labelsOf(metric)
        }),
      )
      return [...legend.matchAll(/\{\{(\w+)\}\}/g)]
        .flatMap(([, label]) => label ?? [])
        .filter((label) => !known.includes(label))
        .map((label) => `the legend names a label ${label}, which no metric of the query has`)
    },
  },
]

const prometheusOwn: readonly Metric[] = [scrapeUp, alertsNow]

/** The metric that a series belongs to; a histogram has no series of its own name. */
function metricOf(name: string): Metric | undefined {
  return [...catalogue, ...prometheusOwn].find((metric) =>
    metric.kind === 'histogram'
      ? ['_bucket', '_count', '_sum'].some((part) => name === `${metric.name}${part}`)
      : name === metric.name,
  )
}

function labelsOf(metric: Metric): readonly string[] {
  return [...metric.labels, ...scrapeLabels, ...(metric.kind === 'histogram' ? ['le'] : [])]
}

function eachMetric(
  check: (metric: Metric, selector: SeriesSelector) => readonly string[],
): QuestionRule['check'] {
  return ({ expression: { selectors } }: Question) =>
    selectors.flatMap((selector) =>
      selector.names.flatMap((name) => {
        const metric = metricOf(name)
        return metric === undefined ? [] : check(metric, selector)
      }),
    )
}

/** Whoever chooses a job or a sidecar must see that one alone. */
function narrowedOn(labels: readonly string[]): QuestionRule['check'] {
  return eachMetric((metric, { matchers }) =>
    Object.entries(narrowedBy(metric))
      .filter(([label]) => labels.includes(label))
      .filter(
        ([label, variable]) =>
          !matchers.some(
            (one) => one.label === label && one.operator === '=~' && one.value === `$${variable}`,
          ),
      )
      .map(([, variable]) => `${metric.name} is not narrowed by $${variable}`),
  )
}

function windowsOf(policy: Policy): readonly string[] {
  const lines = thresholdsOf(policy)
  return [
    ...thresholdNames.map((name) => lines[name].windowSeconds),
    policy.budget.windowSeconds,
    policy.alerting.faultWindowSeconds,
  ].map(windowText)
}

/** Besides the policy's, 0 for "any" and 1 for "more than one". */
function limitsOf(policy: Policy): readonly number[] {
  const lines = thresholdsOf(policy)
  return [...thresholdNames.map((name) => lines[name].utilizationRatio), policy.p95Seconds, 0, 1]
}
