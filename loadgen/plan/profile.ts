import type { TraceRequest } from '../../core/trace.ts'
import type { Arrivals } from './arrivals/index.ts'

/** Requests as they were recorded: they bring their own times and, unless told otherwise, shapes. */
export interface Recording {
  readonly kind: 'trace'
  /** For people; no path. */
  readonly file: string
  /** Whether it says how many documents were asked for. */
  readonly hasShapes: boolean
  /** In order of arrival, the first at 0. */
  readonly requests: readonly TraceRequest[]
}

/** What a request's documents are. */
export type Shapes =
  /** So many documents a query, equal shares; with `tokens`, every combination of the two. */
  | { readonly documents: readonly number[]; readonly tokens?: readonly number[] | undefined }
  /** `own`: the query's own candidates. `recorded`: as many and as long as in the recording. */
  | 'own'
  | 'recorded'

/** How a batch travels: a request a query, all at the same instant, or all queries in one request. */
export const batchForms = ['burst', 'flattened'] as const
export type BatchForm = (typeof batchForms)[number]

/** What is offered to the target: when, and in which shapes. QPS counts queries. */
export interface Profile {
  readonly name: string
  readonly summary: string
  readonly arrivals: Arrivals | Recording
  /** So many queries are intended at the same instant. */
  readonly queriesPerBatch: number
  readonly shapes: Shapes
  /** Length of the schedule when nobody says another. */
  readonly seconds?: number | undefined
}

/** The most documents that a request may have, where the profile alone decides. */
export function maximumDocumentsOf({ shapes, arrivals }: Profile): number | undefined {
  if (typeof shapes === 'object') return largest(shapes.documents)
  if (shapes === 'own' || arrivals.kind !== 'trace') return undefined
  return largest(arrivals.requests.map(({ documents, queries }) => Math.ceil(documents / queries)))
}

/** Not Math.max(...): a recording may hold more than fits on the stack. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, number) => Math.max(most, number), 0)
}
