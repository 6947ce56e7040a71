import { bandsOf, policy } from '../../../core/policy.ts'
import type { Bench } from '../../bench-file.ts'

type Column = (number | null)[]

/** One chart as the page's script draws it: columns as uPlot wants them, the first one rising. */
export interface Chart {
  readonly id: 'throughput-p95' | 'utilization'
  readonly columns: readonly Column[]
  /** One a line: its target, and the target's place among all, which decides its colour everywhere. */
  readonly lines: readonly { readonly label: string; readonly place: number }[]
  /** Horizontal bands, as shares of 1. */
  readonly bands: readonly { readonly from: number; readonly to: number; readonly label: string }[]
}

/** Charts that have something to show. */
export function chartsOf(bench: Bench): readonly Chart[] {
  return [...throughputChart(bench), ...utilizationChart(bench)]
}

/** A point for each number of requests on their way (1, 4, 8): pairs/s to the right, p95 upwards. */
function throughputChart({ rows }: Bench): readonly Chart[] {
  const lines = rows.flatMap(({ target, throughput }, place) => {
    const points = ([1, 4, 8] as const).flatMap((batch): [number, number][] => {
      const { pairsPerSecond, p95Seconds } = throughput[batch]
      return pairsPerSecond === null || p95Seconds === null
        ? []
        : [[pairsPerSecond.median, p95Seconds.median]]
    })
    return points.length === 0 ? [] : [{ target, place, points }]
  })
  return lines.length === 0 ? [] : [chartOf('throughput-p95', lines)]
}

function utilizationChart({ utilization, rows }: Bench): readonly Chart[] {
  if (utilization.length === 0) return []
  const lines = utilization.map(({ target, points }) => {
    const place = rows.findIndex((row) => row.target === target)
    return { target, place, points }
  })
  const bands = bandsOf(policy).map(({ fromRatio, toRatio }, at) => ({
    from: fromRatio,
    to: toRatio,
    label: ['scale in', 'waste', 'healthy', 'scale out'][at] ?? '',
  }))
  return [{ ...chartOf('utilization', lines), bands }]
}

/** uPlot has one column of x for all lines: every line has a hole where another one has its point. */
function chartOf(
  id: Chart['id'],
  lines: readonly {
    readonly target: string
    readonly place: number
    readonly points: readonly (readonly [number, number])[]
  }[],
): Chart {
  const round = (value: number) => Number(value.toPrecision(6))
  const all = lines
    .flatMap(({ points }, line) => points.map(([x, y]) => ({ x: round(x), y: round(y), line })))
    .sort((a, b) => a.x - b.x)
  return {
    id,
    columns: [
      all.map(({ x }) => x),
      ...lines.map((_, line) => all.map((point) => (point.line === line ? point.y : null))),
    ],
    lines: lines.map(({ target, place }) => ({ label: target, place })),
    bands: [],
  }
}
