import { z } from 'zod'
import type { FileSource } from './dataset.ts'
import { isJsonLines, readRows, type Row } from './rows.ts'

const row = z
  .object({
    query: z.string().min(1),
    documents: z.array(z.string()).min(1),
    /** Positions in `documents`, from 0. */
    relevant: z.array(z.number().int().min(0)).default([]),
  })
  .superRefine(({ documents, relevant }, context) => {
    const at = relevant.findIndex((position) => position >= documents.length)
    if (at < 0) return
    const message = `there are ${String(documents.length)} documents, counted from 0`
    context.addIssue({ code: 'custom', path: ['relevant', at], message })
  })
  .transform(({ query, documents, relevant }): Row => {
    const chosen = new Set(relevant)
    return {
      query,
      relevant: documents.filter((_, at) => chosen.has(at)),
      others: documents.filter((_, at) => !chosen.has(at)),
    }
  })

export const jsonl: FileSource = {
  name: 'jsonl',
  summary: 'your own JSON lines: {query, documents: […], relevant?: [positions]}',
  recognises: (path) => Promise.resolve(isJsonLines(path)),
  load: (path, request) => readRows(path, row, request),
}
