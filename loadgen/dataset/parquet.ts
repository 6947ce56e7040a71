import { messageOf, UserError } from '../../core/errors.ts'
import { inputError } from '../lines.ts'

/** A row group is decoded whole. Those that the hub's own tools write are far smaller. */
const maximumGroupBytes = 1024 ** 3

export interface Columns {
  readonly required: readonly string[]
  /** Read where they are there. */
  readonly optional?: readonly string[]
}

export const isParquet = (path: string): boolean => /\.parquet$/i.test(path)

/**
 * Calls `onRow` for each row of a parquet file, one after another, with the named columns and the
 * row's number from 1. Reads no further when it returns false. Memory is bounded by the row groups.
 *
 * @throws UserError (usage) when the file cannot be read or lacks a column; what `onRow` throws.
 */
export async function forEachParquetRow(
  path: string,
  { required, optional = [] }: Columns,
  onRow: (value: unknown, row: number) => unknown,
): Promise<void> {
  // Only who reads parquet waits for the reader.
  const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } =
    await import('hyparquet')
  try {
    const file = await asyncBufferFromFile(path)
    const metadata = await parquetMetadataAsync(file)
    const names = parquetSchema(metadata).children.map(({ element }) => element.name)
    const missing = required.filter((column) => !names.includes(column))
    if (missing.length > 0) {
      throw inputError(
        path,
        undefined,
        `has no column ${missing.join(', ')} (it has ${names.join(', ')}); take the file with ${required.join(', ')}`,
      )
    }
    const columns = [...required, ...optional].filter((column) => names.includes(column))
    let rowStart = 0
    for (const group of metadata.row_groups) {
      if (group.total_byte_size > maximumGroupBytes) {
        throw inputError(path, undefined, 'has row groups over 1 GiB; write it with smaller ones')
      }
      const rowEnd = rowStart + Number(group.num_rows)
      const rows = await parquetReadObjects({ file, metadata, columns, rowStart, rowEnd })
      for (const [at, value] of rows.entries()) {
        if (onRow(value, rowStart + at + 1) === false) return
      }
      rowStart = rowEnd
    }
  } catch (error) {
    if (error instanceof UserError) throw error
    throw inputError(path, undefined, `cannot be read as parquet: ${messageOf(error)}`, error)
  }
}
