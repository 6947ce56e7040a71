import type { FileSource } from './dataset.ts'
import { firstObjectOf, isJsonLines, mtebRow, readRows } from './rows.ts'

export const mtebJsonl: FileSource = {
  name: 'mteb-jsonl',
  summary: 'MTEB T2Reranking as JSON lines: {query, positive: […], negative: […]}',
  recognises: async (path) =>
    isJsonLines(path) && 'positive' in ((await firstObjectOf(path)) ?? {}),
  load: (path, request) => readRows(path, mtebRow, request),
}
