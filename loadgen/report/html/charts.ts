import { bandsOf, policy } from '../../../core/policy.ts'
import type { Observation } from '../../../core/observation.ts'
import {
  entersLatency,
  responseSecondsOf,
  serviceSecondsOf,
  sorted,
} from '../../measure/latency.ts'
import { percentile } from '../../measure/percentile.ts'
import { seriesOf } from '../../measure/series.ts'
import type { Run } from '../folder.ts'

type Column = (number | null)[]

/**
 * One chart as the page's script draws it: columns as uPlot wants them. The first one is time, and of
 * a distribution the lower edges of its bins.
 */
export interface Chart {
  readonly kind: 'latency' | 'utilization' | 'rate' | 'flight' | 'distribution'
  readonly columns: readonly Column[]
  readonly series: readonly { readonly label: string; readonly style: string }[]
  /** Horizontal bands, as shares of 1. */
  readonly bands?: readonly { readonly from: number; readonly to: number; readonly label: string }[]
  /** Vertical lines, at values of the first column. */
  readonly marks?: readonly { readonly at: number; readonly label: string }[]
  readonly line?: { readonly at: number; readonly label: string }
}

export interface Charts {
  readonly spanSeconds: number
  readonly charts: readonly Chart[]
  /** Requests that the latency chart leaves out, for its size. */
  readonly thinnedTo: number | undefined
}

/** More points than pixels show nothing more, and make the page heavy. */
const maximumPoints = 8000
/** About so many slices make a readable line. */
const slices = 60

export function chartsOf(run: Run): Charts {
  const { profile, throughput } = run.summary
  // Whole seconds where there is no schedule.
  const period =
    run.summary.saturation === undefined ? profile.queriesPerBatch / profile.queriesPerSecond : 1
  // A slice holds whole periods, or constant arrivals would seem to swing.
  const width = Math.ceil(Math.max(1, throughput.spanSeconds / slices) / period - 1e-9) * period
  const utilization = utilizationChart(run)
  return {
    spanSeconds: throughput.spanSeconds,
    charts: [
      latencyChart(run, width),
      ...(utilization === undefined ? [] : [utilization]),
      ...stepCharts(run, width),
      ...distributionChart(run),
    ],
    thinnedTo: run.observations.length > maximumPoints ? maximumPoints : undefined,
  }
}

function latencyChart({ observations, summary }: Run, width: number): Chart {
  const step = Math.ceil(observations.length / maximumPoints)
  const shapes = summary.byShape.map(({ documents }) => documents)
  const failures = shapes.length + 1
  const p95 = failures + (summary.totals.failed > 0 ? 1 : 0)
  const rowOf = (seconds: number, column: number, value: number): Column => {
    const row: Column = Array.from({ length: p95 + 1 }, () => null)
    row[0] = seconds
    row[column] = value
    return row
  }
  const rows = observations
    .filter((_, at) => at % step === 0)
    .map((one) =>
      rowOf(
        one.intendedSeconds,
        one.outcome === 'ok' ? shapes.indexOf(one.documents) + 1 : failures,
        responseSecondsOf(one),
      ),
    )
  const counted = observations.filter(entersLatency)
  for (const [at, slice] of slicesOf(counted, width, (one) => one.intendedSeconds).entries()) {
    const value = percentile(sorted(slice.map(responseSecondsOf)), 0.95)
    if (value !== undefined) rows.push(rowOf((at + 0.5) * width, p95, value))
  }
  rows.sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0))
  return {
    kind: 'latency',
    columns: transposed(rows, p95 + 1),
    series: [
      ...shapes.map((documents, at) => ({
        label: `${String(documents)} documents`,
        style: `shape${String(shapes.length === 1 ? 2 : Math.round((at * 4) / (shapes.length - 1)))}`,
      })),
      ...(summary.totals.failed > 0 ? [{ label: 'failed', style: 'failed' }] : []),
      { label: `p95 of each ${String(Number(width.toFixed(1)))} s`, style: 'p95' },
    ],
    line: lineOf(summary),
  }
}

/** What was asked of p95 or, where nothing was, the policy's own line. */
function lineOf({ slo }: Run['summary']): NonNullable<Chart['line']> {
  const asked = slo.find(({ figure, of }) => figure === 'p95' && of === 'response')
  return asked === undefined
    ? { at: policy.p95Seconds, label: 'p95 budget' }
    : { at: asked.limit, label: 'SLO of p95' }
}

function utilizationChart({ telemetry, summary }: Run): Chart | undefined {
  const devices = summary.gpu?.devices ?? []
  if (devices.length === 0) return undefined
  const rows = telemetry
    .filter(({ atSeconds }) => atSeconds >= 0)
    .map((sample): Column => [
      sample.atSeconds,
      ...devices.map(
        ({ uuid }) =>
          sample.devices.find((device) => device.uuid === uuid)?.utilizationRatio ?? null,
      ),
    ])
  return {
    kind: 'utilization',
    columns: transposed(rows, devices.length + 1),
    series: devices.map(({ name }, at) => ({
      label: devices.length === 1 ? name : `${name} ${String(at)}`,
      style: `device${String(at % 4)}`,
    })),
    bands: bandsOf(policy).map(({ fromRatio, toRatio }, at) => ({
      from: fromRatio,
      to: toRatio,
      label: ['scale in', 'waste', 'healthy', 'scale out'][at] ?? '',
    })),
    line: { at: policy.target.utilizationRatio, label: 'target' },
  }
}

/** Rates and requests in flight, as steps: the last value stands until the end. */
function stepCharts({ observations, summary }: Run, width: number): readonly Chart[] {
  const { spanSeconds } = summary.throughput
  const { points } = seriesOf(observations, spanSeconds, width)
  if (points.length === 0) return []
  const edges = [...points.map(({ atSeconds }) => atSeconds), spanSeconds]
  const held = (of: (point: (typeof points)[number]) => number): Column => {
    const values = points.map((point) => Number(of(point).toFixed(5)))
    return [...values, values.at(-1) ?? 0]
  }
  return [
    {
      kind: 'rate',
      columns: [
        edges,
        held((point) => point.offeredQueriesPerSecond),
        held((point) => point.achievedQueriesPerSecond),
      ],
      series: [
        { label: 'offered', style: 'offered' },
        { label: 'answered', style: 'answered' },
      ],
    },
    {
      kind: 'flight',
      columns: [edges, held((point) => point.inFlight)],
      series: [{ label: 'in flight', style: 'answered' }],
    },
  ]
}

/** Enough to show two humps, few enough that each bin holds requests. */
const bins = 48

/** How many requests took how long: responses as bars, services as a line over them. */
function distributionChart({ observations, summary }: Run): readonly Chart[] {
  const counted = observations.filter(entersLatency)
  const { response, service } = summary.latencySeconds
  const headline = summary.saturation === undefined ? response : service
  if (counted.length === 0 || headline.max === null) return []
  const width = niceAbove(headline.max / bins)
  const count = Math.floor(headline.max / width) + 1
  const countsOf = (secondsOf: (one: Observation) => number): readonly number[] => {
    const counts = Array.from({ length: count + 1 }, () => 0)
    for (const one of counted) {
      const at = Math.min(count - 1, Math.max(0, Math.floor(secondsOf(one) / width)))
      counts[at] = (counts[at] ?? 0) + 1
    }
    return counts
  }
  const marks = (['p50', 'p95', 'p99'] as const).flatMap((label) => {
    const at = headline[label]
    return at === null ? [] : [{ at, label }]
  })
  return [
    {
      kind: 'distribution',
      columns: [
        Array.from({ length: count + 1 }, (_, at) => Number((at * width).toPrecision(12))),
        [...countsOf(responseSecondsOf)],
        [...countsOf(serviceSecondsOf)],
      ],
      series: [
        { label: 'response', style: 'answered' },
        { label: 'service', style: 'offered' },
      ],
      marks,
    },
  ]
}

/** 0.0034 → 0.005: edges that a person can read. */
function niceAbove(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(Math.max(value, 1e-6)))
  return unit * ([1, 2, 2.5, 5].find((step) => step * unit >= value) ?? 10)
}

/** `values` cut into slices of `width` by their time; an empty slice is an empty list. */
function slicesOf<T>(values: readonly T[], width: number, timeOf: (value: T) => number): T[][] {
  const cut: T[][] = []
  for (const value of values) {
    // The small addend keeps an instant on a slice's edge out of the slice before.
    const at = Math.floor(timeOf(value) / width + 1e-9)
    while (cut.length <= at) cut.push([])
    cut[at]?.push(value)
  }
  return cut
}

function transposed(rows: readonly Column[], width: number): Column[] {
  const round = (value: number | null | undefined) =>
    value === null || value === undefined ? null : Number(value.toFixed(5))
  return Array.from({ length: width }, (_, column) => rows.map((row) => round(row[column])))
}
