import { z } from 'zod'
import { decodeJsonLine } from '../core/json-line.ts'

const seconds = z.number().min(0)
const bytes = z.number().min(0)

/**
 * `invalid`: measured, but the generator could not do its part, so the figures stand in doubt;
 * `failed`: tried, and the reason says what happened; `not_possible`: there is no such figure.
 */
export const cellStateSchema = z.enum(['measured', 'invalid', 'failed', 'not_possible'])

const startFacts = z.object({
  /** From the start of the process until it listens. */
  listeningSeconds: seconds,
  /** And until its first answer. */
  firstAnswerSeconds: seconds,
})

const memoryFacts = z.object({
  /** `device`: all of the GPU; `process`: what the process holds in main memory, where there is no GPU. */
  of: z.enum(['device', 'process']),
  /** Before the target was started; absent where nobody looked then. */
  beforeBytes: bytes.optional(),
  /** With the model loaded and asked a few things, at rest. */
  loadedBytes: bytes,
  /** Of the processes that came with it, as far as the driver tells. */
  processBytes: bytes.optional(),
})

const qualityFacts = z.object({
  /** Queries that could tell: with relevant candidates and with others. */
  queries: z.number().int(),
  /** Left out, because every order of theirs is as good. */
  leftOut: z.number().int(),
  ndcg10: z.number(),
  mrr: z.number(),
  /** Of the order in which the candidates were sent, which is by chance. */
  chanceNdcg10: z.number(),
})

const recordSchema = z.object({
  schema: z.literal('rerankscope.bench-cell/1'),
  id: z.string(),
  fingerprint: z.string(),
  state: cellStateSchema,
  reason: z.string().optional(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  start: startFacts.optional(),
  memory: memoryFacts.optional(),
  quality: qualityFacts.optional(),
  /** Of a new TCP connection, one round trip: the least that the network takes. */
  handshakeSeconds: seconds.optional(),
  /** The number format that the target says it computes in. */
  dtype: z.string().optional(),
})

/** How one cell ended: one line of `journal.ndjson`. What a load measured is in the cell's run folder. */
export type CellRecord = z.infer<typeof recordSchema>
export type MemoryFacts = z.infer<typeof memoryFacts>
export type QualityFacts = z.infer<typeof qualityFacts>

export function encodeCellRecord(record: Omit<CellRecord, 'schema'>): string {
  return `${JSON.stringify({ schema: 'rerankscope.bench-cell/1', ...record })}\n`
}

/**
 * The cells that ended, by id; a later line wins. What follows the last line end was being written
 * when the machine stopped, and counts as not written; `wholeLength` is where it begins, in UTF-16
 * code units.
 *
 * @throws Error that names the line that cannot be understood.
 */
export function readJournal(text: string): {
  readonly records: ReadonlyMap<string, CellRecord>
  readonly wholeLength: number
} {
  const wholeLength = text.lastIndexOf('\n') + 1
  const lines = text.slice(0, wholeLength).split('\n').slice(0, -1)
  const records = lines.map((line, at) => {
    try {
      return decodeJsonLine(recordSchema, line)
    } catch (error) {
      throw new Error(`line ${String(at + 1)}: ${error instanceof Error ? error.message : ''}`, {
        cause: error,
      })
    }
  })
  return { records: new Map(records.map((record) => [record.id, record])), wholeLength }
}
