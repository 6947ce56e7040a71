import { basename } from 'node:path'
import type { FileSource } from './dataset.ts'
import { forEachParquetRow, isParquet } from './parquet.ts'
import { datasetOfRows, mtebRow, nonEmpty, rowOf, type Row } from './rows.ts'
import { Sample } from './sample.ts'

const required = ['query', 'positive', 'negative']

export const mtebParquet: FileSource = {
  name: 'mteb-parquet',
  summary: 'MTEB T2Reranking as parquet, as the hub has it',
  recognises: (path) => Promise.resolve(isParquet(path)),
  async load(path, { seed, queries }) {
    const sample = new Sample<Row>(seed, queries)
    await forEachParquetRow(path, { required }, (value, row) => {
      sample.offer(String(row), () => rowOf(mtebRow, value, `${path}, row ${String(row)}`))
    })
    return datasetOfRows(basename(path), nonEmpty(sample.values(), path))
  },
}
