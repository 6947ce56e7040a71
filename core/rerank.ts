/** Reranking as such, apart from any wire format. Dialects translate to and from these. */

export type TruncationDirection = 'left' | 'right'

/**
 * What becomes of a pair that is too long: tokens go from the longer text first, from the document
 * alone, from the document's middle, or the request fails.
 */
export const truncationStrategies = ['longest_first', 'only_second', 'head_tail', 'error'] as const
export type TruncationStrategy = (typeof truncationStrategies)[number]

export interface RerankRequest {
  /** The caller's own name for the request, said back where the format does. */
  readonly id?: string
  /** The model that the caller named, if any. */
  readonly model?: string
  readonly query: string
  /** At least one. */
  readonly documents: readonly string[]
  /** Documents that were more than a text, as the caller wrote them; said back whole. */
  readonly documentFields?: readonly (Readonly<Record<string, unknown>> | undefined)[]
  /** How many of the best to answer; absent means all. */
  readonly topN?: number
  readonly returnDocuments: boolean
  /** True: logits. False: the logit's sigmoid, in (0, 1). */
  readonly rawScores: boolean
  /** False: a pair that is too long fails the request. Absent: the server's own rule. */
  readonly truncate?: boolean
  /** The side that is cut off a pair that is too long. */
  readonly truncationDirection: TruncationDirection
  /** Absent: the server's own. `error` says the same as `truncate: false`. */
  readonly truncation?: TruncationStrategy
  /** Tokens a pair is cut to, special tokens counted; absent, or above the server's own: the server's own. */
  readonly maximumTokens?: number
  /** Tokens that each text is cut to before it makes a pair, special tokens not counted. */
  readonly maximumQueryTokens?: number
  readonly maximumDocumentTokens?: number
}

/** What a caller wants apart from what is asked: it comes from the connection and the headers. */
export interface RerankTerms {
  /** Aborts when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** From now on; pairs that still wait then are dropped. 0 or less: it has passed. */
  readonly deadlineSeconds?: number
  /** Look nothing up and keep nothing: neither scores nor tokens. */
  readonly bypassCaches?: boolean
  /** W3C trace context of the caller, so that our spans hang below his. */
  readonly traceparent?: string
  readonly tracestate?: string
}

export interface RankedDocument {
  /** Position in the request's `documents`. */
  readonly index: number
  readonly score: number
  readonly text?: string
}

export interface RerankResult {
  /** Best first; equal scores in falling order of index, as TEI answers them. */
  readonly ranking: readonly RankedDocument[]
  readonly usage?: RerankUsage
}

/** What an answer says of the work behind it; what a server does not say is absent. */
export interface RerankUsage {
  /** Over all pairs, the query counted once a pair, padding not counted. */
  readonly tokens?: number
  readonly characters?: number
  readonly truncatedPairs?: number
}

/** How long the server spent where, in seconds. Stages overlap between requests. */
export interface ServerPhases {
  readonly totalSeconds?: number
  readonly tokeniseSeconds?: number
  readonly queueSeconds?: number
  readonly inferSeconds?: number
}

/** Best first, `topN` of them. `scores[i]` belongs to document i. */
export function rank(
  scores: ArrayLike<number>,
  request: Pick<RerankRequest, 'documents' | 'topN' | 'returnDocuments'>,
): readonly RankedDocument[] {
  const order = Array.from({ length: scores.length }, (_, index) => index)
  order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || b - a)
  return order.slice(0, request.topN ?? order.length).map((index) => ({
    index,
    score: scores[index] ?? Number.NaN,
    ...(request.returnDocuments && { text: request.documents[index] ?? '' }),
  }))
}

/** As `rank`, by the logits also where the scores are their sigmoid, which makes equals of the highest. */
export function rankLogits(
  logits: ArrayLike<number>,
  request: Pick<RerankRequest, 'documents' | 'topN' | 'returnDocuments' | 'rawScores'>,
): readonly RankedDocument[] {
  const ranking = rank(logits, request)
  if (request.rawScores) return ranking
  return ranking.map((document) => ({ ...document, score: sigmoid(document.score) }))
}

export function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-logit))
}

/** Why a request was not answered with scores. Each dialect has its own status and body for each. */
export const failureKinds = [
  'invalid_json',
  'malformed',
  'unsupported_media_type',
  'empty',
  'validation',
  'too_many_documents',
  'too_large',
  'tokenizer',
  'overloaded',
  'unhealthy',
  'backend',
  'not_found',
  'method_not_allowed',
  'unauthorized',
  'model_not_found',
  'deadline_exceeded',
] as const
export type FailureKind = (typeof failureKinds)[number]

export class RerankFailure extends Error {
  override readonly name = 'RerankFailure'
  readonly kind: FailureKind
  /** When to try again; the client gets it as `Retry-After`, in every dialect. */
  readonly retryAfterSeconds?: number

  /** `message` reaches the client: one sentence, no text of the request. */
  constructor(
    kind: FailureKind,
    message: string,
    { retryAfterSeconds, ...options }: ErrorOptions & { readonly retryAfterSeconds?: number } = {},
  ) {
    super(message, options)
    this.kind = kind
    if (retryAfterSeconds !== undefined) this.retryAfterSeconds = retryAfterSeconds
  }
}

/** Nothing is there that could compute; in TEI's word. */
export const unhealthy = () => new RerankFailure('unhealthy', 'unhealthy')

/** What a server says of itself. */
export interface ServerInfo {
  readonly model: string
  /** Where the model is from, if it goes by another name. */
  readonly modelSource?: string
  readonly server?: string
  readonly version?: string
  readonly dtype?: string
  readonly device?: string
  readonly maximumInputTokens?: number
  readonly maximumDocuments?: number
  readonly maximumBatchTokens?: number
  /** Accepted and not yet answered, together: beyond each of them a request is refused whole. */
  readonly maximumConcurrentRequests?: number
  readonly maximumConcurrentPairs?: number
  readonly maximumConcurrentTokens?: number
  readonly maximumConcurrentBytes?: number
  /** Of one request's body. */
  readonly maximumBodyBytes?: number
  readonly maximumJsonDepth?: number
  /** What becomes of a pair that is too long, unless the request says otherwise. */
  readonly truncation?: TruncationStrategy
}
