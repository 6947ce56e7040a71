import { RerankFailure, type FailureKind } from '../core/rerank.ts'
import { AbandonedError } from './batch/scheduler.ts'

/** How a request ended: with scores, as a failure that it was told, or with its caller gone. */
export type Outcome = 'ok' | FailureKind | 'abandoned'

/** A stage of a request, in monotonic seconds. */
export interface Stage {
  readonly name: 'tokenise' | 'queue' | 'infer'
  readonly startSeconds: number
  readonly endSeconds: number
}

/** One request as the server saw it: for spans and log lines. Holds no text. */
export interface RequestRecord {
  readonly outcome: Outcome
  readonly startSeconds: number
  readonly endSeconds: number
  /** Of all its queries. */
  readonly documents: number
  /** Of its slowest query, in their order; what it reached when it failed early. */
  readonly stages: readonly Stage[]
  readonly tokens?: number
  readonly truncatedPairs?: number
  /** Pairs whose scores were remembered. */
  readonly cachedPairs?: number
  /** W3C trace context of the caller. */
  readonly traceparent?: string
  readonly tracestate?: string
}

export type RequestObserver = (record: RequestRecord) => void

export function outcomeOf(error: unknown): Outcome {
  if (error instanceof AbandonedError) return 'abandoned'
  return error instanceof RerankFailure ? error.kind : 'backend'
}
