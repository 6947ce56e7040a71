import { z } from 'zod'
import { plotMarkup, type PlotRow } from '../plot.ts'
import type { Series } from '../series.ts'
import { formatValue } from '../units.ts'
import type { TimeWindow } from '../window.ts'
import type { Kind } from './kind.ts'

const optionsSchema = z.looseObject({
  yAxis: z.looseObject({ unit: z.string().optional() }).default({}),
  // Below 1 a small count is not as faint as its share.
  color: z.looseObject({ exponent: z.number().default(1) }).default({ exponent: 1 }),
})

/** Shades from faint to full. */
const shades = 8
/** More words than that do not fit beside a panel. */
const maximumWords = 8

/**
 * The buckets of a histogram over time: the more of what was counted falls into one, the fuller its
 * colour. The series are cumulative, a bucket a series, told apart by the label `le`.
 */
export const heatmap: Kind = {
  type: 'heatmap',
  draw(panel, series, window) {
    const { yAxis, color } = optionsSchema.parse(panel.options)
    const unit = yAxis.unit ?? panel.fieldConfig.defaults.unit
    return { markup: plotMarkup(rowsOf(series, unit, color.exponent, window), window, 0) }
  },
}

interface Bucket {
  readonly limit: number
  readonly own: ReadonlyMap<number, number>
}

/** The largest bucket on top; empty ones at both ends are left out. */
function rowsOf(
  series: readonly Series[],
  unit: string,
  exponent: number,
  { stepSeconds }: TimeWindow,
): readonly PlotRow[] {
  const buckets = trimmed(ownCounts(series))
  const most = Math.max(...buckets.flatMap(({ own }) => [...own.values()]))
  const wordEvery = Math.ceil(buckets.length / maximumWords)
  return buckets
    .map(({ limit, own }, at) => {
      const word = limit === Infinity ? 'more' : formatValue(unit, limit)
      return {
        word: at % wordEvery === 0 ? word : '',
        cells: [...own].flatMap(([seconds, count]) =>
          count <= 0
            ? []
            : [
                {
                  fromSeconds: seconds,
                  toSeconds: seconds + stepSeconds,
                  className: `heat${String(Math.ceil((count / most) ** exponent * shades))}`,
                  title: `up to ${word}: ${formatValue('short', count)}`,
                },
              ],
        ),
      }
    })
    .reverse()
}

/** What fell into each bucket alone: its count less that of the next smaller one. */
function ownCounts(series: readonly Series[]): readonly Bucket[] {
  const sorted = series
    .map(({ labels, name, points }) => ({
      limit: Number((labels['le'] ?? name).replace('Inf', 'Infinity')),
      counts: new Map(points.map(([seconds, value]) => [seconds, value ?? 0])),
    }))
    .filter(({ limit }) => !Number.isNaN(limit))
    .sort((a, b) => a.limit - b.limit)
  return sorted.map(({ limit, counts }, at) => ({
    limit,
    own: new Map(
      [...counts].map(([seconds, count]) => [
        seconds,
        count - (sorted[at - 1]?.counts.get(seconds) ?? 0),
      ]),
    ),
  }))
}

function trimmed(buckets: readonly Bucket[]): readonly Bucket[] {
  const counts = (bucket: Bucket) => [...bucket.own.values()].some((count) => count > 0)
  const first = buckets.findIndex(counts)
  const last = buckets.findLastIndex(counts)
  return first < 0 ? buckets : buckets.slice(Math.max(0, first - 1), last + 2)
}
