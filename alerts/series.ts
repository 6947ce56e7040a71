import { present } from '../core/assert.ts'
import { metrics, type Metric } from '../core/metrics.ts'
import { numberText } from '../core/promql.ts'

/** Input for promtool's rule tests, written by phases: "ten minutes at 90 %, then a failed scrape". */
export interface InputSeries {
  readonly series: string
  readonly values: string
}

export interface Phase {
  readonly seconds: number
  /** A gauge's value, or a counter's growth a second. */
  readonly value: number
  /** True: the scrapes of this phase fail; a counter keeps growing unseen. */
  readonly unseen?: boolean
}

export interface GpuPhase {
  readonly seconds: number
  readonly utilizationRatio: number
  /** False: the driver reports nothing, so neither counter grows. */
  readonly observed?: boolean
  readonly unseen?: boolean
}

/** What a histogram takes in: so many observations a second, with this mean. */
export interface MeanPhase {
  readonly seconds: number
  readonly perSecond: number
  readonly mean: number
}

/** So many requests a second, of which a share is bad: failed, or too slow. */
export interface ServedPhase {
  readonly seconds: number
  readonly perSecond: number
  readonly bad: number
}
export type ServedSeries = (
  write: SeriesWriter,
  phases: readonly ServedPhase[],
) => readonly InputSeries[]

type Labels = Readonly<Record<string, string>>

/** What Prometheus adds to the series of one target. */
interface Scrape {
  readonly job: string
  readonly instance: string
  readonly namespace?: string
}

/** Writes series as one scrape target would: `scrape` are its labels, `stepSeconds` its interval. */
export class SeriesWriter {
  readonly #scrape: Scrape
  readonly #stepSeconds: number

  constructor(scrape: Scrape, stepSeconds: number) {
    this.#scrape = scrape
    this.#stepSeconds = stepSeconds
  }

  gauge<L extends string>(
    metric: Metric<L>,
    labels: Readonly<Record<NoInfer<L>, string>>,
    phases: readonly Phase[],
  ): InputSeries {
    const values = phases.map(({ seconds, value, unseen }, at) => {
      const samples = this.#steps(seconds) + (at === 0 ? 1 : 0)
      return unseen === true
        ? `_x${String(samples)}`
        : `${numberText(value)}+0x${String(samples - 1)}`
    })
    return { series: this.#name(metric.name, labels), values: values.join(' ') }
  }

  counter<L extends string>(
    metric: Metric<L>,
    labels: Readonly<Record<NoInfer<L>, string>>,
    phases: readonly Phase[],
  ): InputSeries {
    return { series: this.#name(metric.name, labels), values: this.#growth(phases) }
  }

  /** The busy and observed integrals of one GPU. */
  gpu(uuid: string, phases: readonly GpuPhase[]): readonly InputSeries[] {
    const at = (value: (phase: GpuPhase) => number) =>
      phases.map((phase) => ({
        ...phase,
        value: phase.observed === false ? 0 : value(phase),
      }))
    return [
      this.counter(
        metrics.gpuBusySeconds,
        { gpu_uuid: uuid },
        at(({ utilizationRatio }) => utilizationRatio),
      ),
      this.counter(
        metrics.gpuObservedSeconds,
        { gpu_uuid: uuid },
        at(() => 1),
      ),
    ]
  }

  /** Sum and count of a histogram, for its mean. */
  mean<L extends string>(
    metric: Metric<L>,
    labels: Readonly<Record<NoInfer<L>, string>>,
    phases: readonly MeanPhase[],
  ): readonly InputSeries[] {
    const part = (name: string, value: (phase: MeanPhase) => number): InputSeries => ({
      series: this.#name(`${metric.name}_${name}`, labels),
      values: this.#growth(phases.map((phase) => ({ ...phase, value: value(phase) }))),
    })
    return [
      part('sum', ({ perSecond, mean }) => perSecond * mean),
      part('count', ({ perSecond }) => perSecond),
    ]
  }

  /** A histogram whose observations all fall into the bucket `within`; only its two edges are written. */
  histogram<L extends string>(
    metric: Metric<L>,
    labels: Readonly<Record<NoInfer<L>, string>>,
    within: Bucket,
    phases: readonly Phase[],
  ): readonly InputSeries[] {
    return this.#buckets(metric, labels, [
      [within.lower, phases.map((phase) => ({ ...phase, value: 0 }))],
      [within.upper, phases],
    ])
  }

  /** A histogram whose observations fall into the bucket `good`, or, the bad ones, into `bad` above it. */
  divided<L extends string>(
    metric: Metric<L>,
    labels: Readonly<Record<NoInfer<L>, string>>,
    { good, bad }: { readonly good: Bucket; readonly bad: Bucket },
    phases: readonly ServedPhase[],
  ): readonly InputSeries[] {
    const share = (of: (phase: ServedPhase) => number) =>
      phases.map((phase) => ({ ...phase, value: phase.perSecond * of(phase) }))
    const edges = new Map([
      [good.lower, share(() => 0)],
      [good.upper, share((phase) => 1 - phase.bad)],
      [bad.lower, share((phase) => 1 - phase.bad)],
      [bad.upper, share(() => 1)],
    ])
    return this.#buckets(metric, labels, [...edges])
  }

  /** By the upper edges of the buckets, rising; the last one holds everything. */
  #buckets(
    metric: Metric,
    labels: Labels,
    edges: readonly (readonly [number, readonly Phase[]])[],
  ): readonly InputSeries[] {
    const bucket = (le: string, phases: readonly Phase[]): InputSeries => ({
      series: this.#name(`${metric.name}_bucket`, { ...labels, le }),
      values: this.#growth(phases),
    })
    const all = edges.at(-1)?.[1] ?? []
    return [
      ...edges.map(([le, phases]) => bucket(String(le), phases)),
      bucket('+Inf', all),
      { series: this.#name(`${metric.name}_count`, labels), values: this.#growth(all) },
    ]
  }

  /** promtool writes `a+bxn` for n + 1 samples; only the first phase has one at its very start. */
  #growth(phases: readonly Phase[]): string {
    let value = 0
    return phases
      .map(({ seconds, value: perSecond, unseen }, at) => {
        const steps = this.#steps(seconds)
        const increment = perSecond * this.#stepSeconds
        const first = at === 0 ? value : value + increment
        const more = at === 0 ? steps : steps - 1
        value = first + increment * more
        return unseen === true
          ? `_x${String(more + 1)}`
          : `${numberText(first)}+${numberText(increment)}x${String(more)}`
      })
      .join(' ')
  }

  #steps(seconds: number): number {
    return Math.max(1, Math.ceil(seconds / this.#stepSeconds))
  }

  #name(metric: string, labels: Labels): string {
    return seriesText(metric, { ...labels, ...this.#scrape })
  }
}

/** The same series, with a scrape at the end that failed. */
export function withGap(series: readonly InputSeries[]): readonly InputSeries[] {
  return series.map(({ series: name, values }) => ({ series: name, values: `${values} _x1` }))
}

/** `name{label="value", …}`, as promtool reads it. */
export function seriesText(name: string, labels: Labels): string {
  const all = Object.entries(labels)
  return `${name}{${all.map(([label, value]) => `${label}=${JSON.stringify(value)}`).join(', ')}}`
}

export interface Bucket {
  readonly lower: number
  readonly upper: number
}

/** The first bucket of a histogram that lies wholly above (or, `below`, at or under) a value. */
export function bucketBeside(metric: Metric, side: 'above' | 'below', value: number): Bucket {
  const bounds = present(metric.bounds, `${metric.name} has no bounds.`)
  const lowerAt =
    side === 'above'
      ? bounds.findIndex((bound) => bound >= value)
      : bounds.findLastIndex((bound) => bound <= value) - 1
  return {
    lower: present(bounds[lowerAt], `No bucket of ${metric.name} lies ${side} ${String(value)}.`),
    upper: present(
      bounds[lowerAt + 1],
      `No bucket of ${metric.name} lies ${side} ${String(value)}.`,
    ),
  }
}

/**
 * When the mean over a window crosses `line` after the level changed from `from` to `to`: the last
 * step at which it surely has not, and the first at which it surely has. Prometheus 3 leaves the
 * window's first sample out, so that its mean may cover one step less; both readings are allowed for.
 */
export function crossing(change: {
  readonly from: number
  readonly to: number
  readonly line: number
  readonly windowSeconds: number
  readonly stepSeconds: number
}): { readonly beforeSeconds: number; readonly afterSeconds: number } {
  const { from, to, line, windowSeconds, stepSeconds } = change
  const share = (line - from) / (to - from)
  // On the line is not across it, and binary fractions must not decide.
  const stepsOf = (seconds: number) => Number(((share * seconds) / stepSeconds).toPrecision(12))
  return {
    beforeSeconds: stepSeconds * (Math.ceil(stepsOf(windowSeconds - stepSeconds)) - 1),
    afterSeconds: stepSeconds * (Math.floor(stepsOf(windowSeconds)) + 1),
  }
}

/** As Prometheus' template function writes it: 0.9 → `90%`. */
export function humanizePercentage(ratio: number): string {
  return `${String(Number((ratio * 100).toPrecision(4)))}%`
}

/** As Prometheus' template function writes durations under a minute: 0.63 → `630ms`, 2 → `2s`. */
export function humanizeDuration(seconds: number): string {
  return seconds < 1
    ? `${String(Number((seconds * 1000).toPrecision(4)))}ms`
    : `${String(Number(seconds.toPrecision(4)))}s`
}
