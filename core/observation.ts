import { z } from 'zod'
import { decodeJsonLine } from './json-line.ts'
import type { ServerPhases } from './rerank.ts'

/** How a request ended, as the load generator saw it. */
export const outcomes = [
  'ok',
  'rejected_429',
  'client_error_4xx',
  'server_error_5xx',
  'connect_error',
  'connection_lost',
  'timeout',
  'invalid_response',
  'wrong_scores',
] as const
export type Outcome = (typeof outcomes)[number]

/**
 * One request as measured. All times are seconds since the start of the run, from one monotonic
 * clock. Latency that counts is `doneSeconds − intendedSeconds` (response); `doneSeconds −
 * sentSeconds` (service) hides the time a request waited for its turn.
 */
export interface Observation {
  /** Position in the plan. */
  readonly index: number
  /** Requests of one batch share it. */
  readonly batch: number
  /** Documents a query. */
  readonly documents: number
  /** Queries in the request; absent is 1. */
  readonly queries?: number | undefined
  /** Of all its documents together, in UTF-16 code units. */
  readonly characters?: number | undefined
  /** Tokens that each document was made to have, where the profile says so. */
  readonly documentTokens?: number | undefined
  /** Of all pairs, cut as the target cuts them, by our tokenizer; absent where none was at hand. */
  readonly tokens?: number | undefined
  /** Of all pairs, as the target counted them; absent where it does not say. */
  readonly computedTokens?: number | undefined
  readonly intendedSeconds: number
  readonly sentSeconds: number
  /** Absent when no byte came. */
  readonly firstByteSeconds?: number | undefined
  /** For a timeout: when waiting ended. */
  readonly doneSeconds: number
  readonly outcome: Outcome
  /** HTTP status; absent when no answer came. */
  readonly status?: number | undefined
  /** What the server says it spent where, if it does. */
  readonly server?: ServerPhases | undefined
}

const seconds = z.number().min(0)
const count = z.number().int().min(0)
const observationSchema = z.object({
  index: count,
  batch: count,
  documents: count.min(1),
  queries: count.min(1).optional(),
  characters: count.optional(),
  documentTokens: count.optional(),
  tokens: count.optional(),
  computedTokens: count.optional(),
  intendedSeconds: seconds,
  sentSeconds: seconds,
  firstByteSeconds: seconds.optional(),
  doneSeconds: seconds,
  outcome: z.enum(outcomes),
  status: z.number().int().optional(),
  server: z
    .object({
      totalSeconds: seconds.optional(),
      tokeniseSeconds: seconds.optional(),
      queueSeconds: seconds.optional(),
      inferSeconds: seconds.optional(),
    })
    .optional(),
})

/** A query with one of its documents is a pair: what a reranker computes. */
export function pairsOf({ documents, queries = 1 }: Observation): number {
  return documents * queries
}

/** One line of `observations.ndjson`, without the line end. */
export function encodeObservation(observation: Observation): string {
  return JSON.stringify(observation, (_, value: unknown) =>
    // Microseconds are finer than any clock here; the rest would only be noise on the disk.
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toFixed(6)) : value,
  )
}

/** Throws an `Error` that names the field when the line is not an observation. */
export function decodeObservation(line: string): Observation {
  return decodeJsonLine(observationSchema, line) as Observation
}
