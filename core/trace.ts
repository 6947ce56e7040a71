import { z } from 'zod'
import { decodeJsonLine } from './json-line.ts'

/**
 * Recorded traffic: JSON lines, a header first, then a line a request in order of arrival. The
 * sidecar's proxy writes it, the load generator replays it. It says when requests came and how long
 * their texts were; the texts themselves only where somebody asked for them.
 */
export const traceSchemaName = 'rerankscope.trace/1'

export interface TraceHeader {
  readonly schema: typeof traceSchemaName
  /** ISO 8601. Offsets of requests count from here. */
  readonly startedAt: string
  /** Whether requests carry `texts`. */
  readonly texts: boolean
  /** What wrote it: `rerankscope 0.1.0`. */
  readonly recorder?: string | undefined
}

/** One request as it arrived. Absent is unknown. */
export interface TraceRequest {
  /** Since `startedAt`, on a monotonic clock. */
  readonly offsetSeconds: number
  /** Queries in the request: 1 in every dialect without lists of pairs. */
  readonly queries: number
  /** Documents in the request, those of all its queries added up: its pairs. */
  readonly documents: number
  /** Of all its queries together, in UTF-16 code units (`length` in JavaScript), as every count here. */
  readonly queryCharacters?: number | undefined
  /** One number a document. */
  readonly documentCharacters?: readonly number[] | undefined
  /** Over all pairs, as the server counted them. */
  readonly tokens?: number | undefined
  /** Requests that share it belong to one batch of a caller. */
  readonly group?: string | undefined
  /** Only where texts were asked for; of a request with one query. */
  readonly texts?: { readonly query: string; readonly documents: readonly string[] } | undefined
}

/** Far above any reranker's own limit; keeps a wrong line from asking for gigabytes. */
export const maximumTraceDocuments = 100_000

const count = z.number().int().min(0)
const headerSchema = z.object({
  schema: z.literal(traceSchemaName),
  startedAt: z.iso.datetime({ offset: true }),
  texts: z.boolean().default(false),
  recorder: z.string().optional(),
})
const requestSchema = z
  .object({
    offsetSeconds: z.number().min(0),
    queries: count.min(1).default(1),
    documents: count.min(1).max(maximumTraceDocuments),
    queryCharacters: count.optional(),
    documentCharacters: z.array(count).max(maximumTraceDocuments).optional(),
    tokens: count.optional(),
    group: z.string().max(200).optional(),
    texts: z.object({ query: z.string(), documents: z.array(z.string()) }).optional(),
  })
  .superRefine(({ queries, documents, documentCharacters, texts }, context) => {
    const add = (field: string, message: string) => {
      context.addIssue({ code: 'custom', path: [field], message })
    }
    if (documents < queries) add('documents', 'fewer than there are queries')
    if (documentCharacters !== undefined && documentCharacters.length !== documents) {
      add('documentCharacters', `expected ${String(documents)} numbers, as many as documents`)
    }
    if (texts !== undefined && (queries !== 1 || texts.documents.length !== documents)) {
      add('texts', `expected one query and ${String(documents)} documents`)
    }
  })

/** One line, without the line end. */
export function encodeTraceHeader(header: Omit<TraceHeader, 'schema'>): string {
  return JSON.stringify({ schema: traceSchemaName, ...header })
}

/** One line, without the line end; offsets to the microsecond. */
export function encodeTraceRequest(request: TraceRequest): string {
  return JSON.stringify({ ...request, offsetSeconds: Number(request.offsetSeconds.toFixed(6)) })
}

/** @throws Error that names the field, and quotes nothing of the line, when it is no header. */
export function decodeTraceHeader(line: string): TraceHeader {
  return decodeJsonLine(headerSchema, line)
}

/** @throws Error that names the field, and quotes nothing of the line, when it is no request. */
export function decodeTraceRequest(line: string): TraceRequest {
  return decodeJsonLine(requestSchema, line)
}
