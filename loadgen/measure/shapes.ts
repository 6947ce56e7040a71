import type { Observation } from '../../core/observation.ts'
import { entersLatency, responseSecondsOf, sorted } from './latency.ts'
import { percentile } from './percentile.ts'
import type { Summary } from './run-file.ts'

type Table = NonNullable<Summary['byShapeAndLength']>
type Range = Table['cells'][number]['documents']

/** A table that fits a terminal: seven columns of lengths, and no more rows than one can look at. */
const limits = { lengths: 7, documents: 10 } as const

/**
 * Response times by documents a query and length of a document: the tokens that the profile asked
 * for or, where it asked for none, the mean characters of the request's documents. A few values stand
 * for themselves; many are put into ranges whose edges are the same in every run, so that runs can be
 * compared cell by cell. Null when no request's length is known.
 */
export function byShapeAndLengthOf(observations: readonly Observation[]): Table | null {
  const unit = observations.every(({ documentTokens }) => documentTokens !== undefined)
    ? 'tokens'
    : 'characters'
  const known = observations.flatMap((one) => {
    const length = lengthOf(one, unit)
    return length === undefined ? [] : [{ one, length }]
  })
  if (known.length === 0) return null
  const documents = rangesOf(
    known.map(({ one }) => one.documents),
    limits.documents,
  )
  const lengths = rangesOf(
    known.map(({ length }) => length),
    limits.lengths,
  )
  const cells = documents.flatMap((rows) =>
    lengths.flatMap((columns) => {
      const own = known.filter(
        ({ one, length }) => within(one.documents, rows) && within(length, columns),
      )
      if (own.length === 0) return []
      const response = sorted(
        own.flatMap(({ one }) => (entersLatency(one) ? responseSecondsOf(one) : [])),
      )
      return [
        {
          documents: rows,
          length: columns,
          requests: own.length,
          responseSeconds: {
            p50: percentile(response, 0.5) ?? null,
            p95: percentile(response, 0.95) ?? null,
          },
        },
      ]
    }),
  )
  return { lengthUnit: unit, cells }
}

function lengthOf(one: Observation, unit: Table['lengthUnit']): number | undefined {
  if (unit === 'tokens') return one.documentTokens
  const { characters, documents, queries = 1 } = one
  return characters === undefined ? undefined : Math.round(characters / (documents * queries))
}

/** Both ends belong to it. */
const within = (value: number, { from, to }: Range): boolean => value >= from && value <= to

/** Ranges, in rising order, that hold all values: each its own while they are few. */
function rangesOf(values: readonly number[], limit: number): readonly Range[] {
  const distinct = [...new Set(values)].sort((a, b) => a - b)
  if (distinct.length <= limit) return distinct.map((value) => ({ from: value, to: value }))
  // 1, 1.5, 2, 3, 4, 6, 8, …; every second of them where that is too fine, and so on.
  for (let stride = 1; ; stride *= 2) {
    const ranges = edgesBetween(distinct[0] ?? 0, distinct.at(-1) ?? 0, stride)
    if (ranges.length <= limit) return ranges
  }
}

function edgesBetween(least: number, most: number, stride: number): readonly Range[] {
  const edge = (step: number) => Math.floor(2 ** Math.floor(step / 2) * (step % 2 === 0 ? 1 : 1.5))
  const ranges: Range[] = []
  let from = 0
  for (let step = 0; from <= most; step += stride) {
    const to = edge(step)
    if (to >= least && to >= from) ranges.push({ from, to })
    from = to + 1
  }
  return ranges
}
