import { basename } from 'node:path'
import { messageOf, UserError } from '../../core/errors.ts'
import { inputError } from '../lines.ts'
import type { FileSource } from './dataset.ts'
import { datasetOfRows, mtebRow, nonEmpty, rowOf, type Row } from './rows.ts'
import { Sample } from './sample.ts'

const columns = ['query', 'positive', 'negative']
/** A row group is decoded whole. T2Reranking's are far smaller. */
const maximumGroupBytes = 1024 ** 3

export const mtebParquet: FileSource = {
  name: 'mteb-parquet',
  summary: 'MTEB T2Reranking as parquet, as the hub has it',
  recognises: (path) => Promise.resolve(/\.parquet$/i.test(path)),
  async load(path, { seed, queries }) {
    // Only who reads parquet waits for the reader.
    const { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, parquetSchema } =
      await import('hyparquet')
    const sample = new Sample<Row>(seed, queries)
    try {
      const file = await asyncBufferFromFile(path)
      const metadata = await parquetMetadataAsync(file)
      const names = parquetSchema(metadata).children.map(({ element }) => element.name)
      const missing = columns.filter((column) => !names.includes(column))
      if (missing.length > 0) {
        throw inputError(
          path,
          undefined,
          `has no column ${missing.join(', ')} (it has ${names.join(', ')}); take the file with query, positive and negative`,
        )
      }
      let rowStart = 0
      for (const group of metadata.row_groups) {
        if (group.total_byte_size > maximumGroupBytes) {
          throw inputError(path, undefined, 'has row groups over 1 GiB; write it with smaller ones')
        }
        const rowEnd = rowStart + Number(group.num_rows)
        const rows = await parquetReadObjects({ file, metadata, columns, rowStart, rowEnd })
        for (const [at, value] of rows.entries()) {
          const row = rowStart + at + 1
          sample.offer(String(row), () => rowOf(mtebRow, value, path, row))
        }
        rowStart = rowEnd
      }
    } catch (error) {
      if (error instanceof UserError) throw error
      throw inputError(path, undefined, `cannot be read as parquet: ${messageOf(error)}`, error)
    }
    return datasetOfRows(basename(path), nonEmpty(sample.values(), path))
  },
}
