import { formatCount } from '../../core/units.ts'
import type { Summary } from '../measure/run-file.ts'
import { duration } from './text.ts'

type Table = NonNullable<Summary['byShapeAndLength']>
type Cell = Table['cells'][number]
type Range = Cell['documents']

/** Rows of cells, by documents; the columns are the lengths. Undefined: no request had both. */
export interface LengthGrid {
  /** `documents and tokens of a document`. */
  readonly title: string
  readonly columns: readonly Range[]
  readonly rows: readonly {
    readonly documents: Range
    readonly cells: readonly (Cell | undefined)[]
  }[]
}

/** Undefined where the run knows no lengths. */
export function lengthGridOf({ byShapeAndLength }: Summary): LengthGrid | undefined {
  if (byShapeAndLength === null) return undefined
  const { cells, lengthUnit } = byShapeAndLength
  const rangesOf = (of: (cell: Cell) => Range) =>
    [...new Map(cells.map((cell) => [of(cell).from, of(cell)])).values()].sort(
      (a, b) => a.from - b.from,
    )
  const columns = rangesOf(({ length }) => length)
  return {
    title: `documents and ${lengthUnit === 'tokens' ? 'tokens' : 'mean characters'} of a document`,
    columns,
    rows: rangesOf(({ documents }) => documents).map((documents) => ({
      documents,
      cells: columns.map(({ from }) =>
        cells.find((cell) => cell.documents.from === documents.from && cell.length.from === from),
      ),
    })),
  }
}

/** `512`, or `≤ 768` of a range: the one before says where it begins. */
export function rangeName({ from, to }: Range): string {
  return from === to ? formatCount(to) : `≤ ${formatCount(to)}`
}

const rowWidth = 9
const cellWidth = 9

/** For a terminal of 80 columns: p50, p95 and requests of each cell, one below the other. */
export function formatLengths(name: string, summary: Summary): readonly string[] {
  const grid = lengthGridOf(summary)
  if (grid === undefined) return []
  const line = (first: string, name: string, cells: readonly string[]) =>
    `${first.padStart(rowWidth)}  ${name.padEnd(3)}${cells.map((cell) => cell.padStart(cellWidth)).join('')}`.trimEnd()
  return [
    '',
    `${name}: response by ${grid.title}`,
    line('documents', '', grid.columns.map(rangeName)),
    ...grid.rows.flatMap(({ documents, cells }) => {
      const of = (text: (cell: Cell) => string) =>
        cells.map((cell) => (cell === undefined ? '·' : text(cell)))
      return [
        line(
          rangeName(documents),
          'p50',
          of((cell) => duration(cell.responseSeconds.p50)),
        ),
        line(
          '',
          'p95',
          of((cell) => duration(cell.responseSeconds.p95)),
        ),
        line(
          '',
          'n',
          of((cell) => formatCount(cell.requests)),
        ),
      ]
    }),
  ]
}
