import type { z } from 'zod'
import type {
  RerankFailure,
  RerankRequest,
  RerankResult,
  ServerInfo,
  ServerPhases,
} from '../rerank.ts'

/** An HTTP message as far as a dialect cares about it. */
export interface WireMessage {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What a wire format can say. The load generator and the docs read this; nobody asks for a name. */
export interface DialectCapabilities {
  readonly topN: boolean
  /** `choice`: the caller says whether. */
  readonly returnDocuments: 'never' | 'always' | 'choice'
  /** `choice`: the caller says which. */
  readonly scores: 'sigmoid' | 'logits' | 'choice'
  /** The caller says whether a pair that is too long fails. */
  readonly truncate: boolean
  /** The caller says which side is cut. */
  readonly truncationSide: boolean
  /** The answer says how many tokens were computed. */
  readonly usage: boolean
  /** The answer says how long the server spent in which stage. */
  readonly serverPhases: boolean
}

/** What an answer says besides the scores. A dialect is pure, so the server tells it. */
export interface AnswerFacts {
  readonly phases: ServerPhases
  /** A UUID of this answer's own. */
  readonly id: string
  readonly wallSeconds: number
  /** The model that scored, whatever the caller named. */
  readonly model: string
}

/** What clients of a format ask with GET beside rerank: health, metadata. */
export interface DialectRead {
  /** May hold `:model`. */
  readonly path: string
  answer(state: { readonly info: ServerInfo; readonly ready: boolean }): WireMessage
}

/** How a key travels. */
export interface Credentials {
  encode(key: string): Readonly<Record<string, string>>
  /** Undefined: the headers, their names in lower case, hold no key. */
  decode(
    headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  ): string | undefined
}

/**
 * One wire format for reranking, both ways: our server answers with it, our load generator asks
 * with it, our proxy reads it. A dialect is pure: bytes in, meaning out. It MUST NOT put text of a
 * request into an error.
 */
export interface Dialect {
  readonly name: string
  /** For tables and `--help`: whose format it is. */
  readonly title: string
  /**
   * POST paths of a rerank request; a client asks at the first. `:model` stands for the model's name.
   * Dialects may share a path: `dialectFor` tells them apart.
   */
  readonly paths: readonly [string, ...string[]]
  /** Keys of a request's body, by which dialects on one path are told apart. */
  readonly keys: readonly string[]
  readonly capabilities: DialectCapabilities
  /** What the API document shows: a request's body and an answer's of status 200. */
  readonly schemas: { readonly request: z.ZodType; readonly answer: z.ZodType }
  readonly credentials: Credentials

  /**
   * Server side, and what a proxy counts with: one request for each query in the body, at least
   * one. Throws `RerankFailure` of kind `malformed`, `validation` or `empty`.
   */
  decodeRequests(body: unknown): readonly RerankRequest[]
  /** `results[i]` answers `requests[i]`. */
  encodeResults(
    requests: readonly RerankRequest[],
    results: readonly RerankResult[],
    facts: AnswerFacts,
  ): WireMessage
  /** `id` is a UUID of this answer's own, for the formats that name each. */
  encodeFailure(failure: RerankFailure, id: string): WireMessage

  /** Client side. The body is what is sent, byte for byte. */
  encodeRequest(request: RerankRequest): string
  /** Throws an `Error` that says what is wrong with an answer of status 200. */
  decodeResult(message: WireMessage): RerankResult
  decodePhases(message: WireMessage): ServerPhases

  /** Client side of several queries in one request; absent where the format takes one. */
  readonly batch?: {
    /** Throws a `RangeError` when the requests differ in what the body says once for all. */
    encode(requests: readonly RerankRequest[]): string
    /** One result a request, in their order. Throws as `decodeResult` does. */
    decode(message: WireMessage, requests: readonly RerankRequest[]): readonly RerankResult[]
  }

  /** Where a server of this dialect tells its limits, if anywhere; the path may hold `:model`. */
  readonly info?: {
    readonly path: string
    encode(info: ServerInfo): string
    /** Throws when the body is not this dialect's: that is how `auto` finds out. */
    decode(body: string): ServerInfo
  }
  readonly reads?: readonly DialectRead[]
}

/** What a client says where a format wants a model's name and nobody gave one. */
export const unnamedModel = 'default'

/** `Authorization: Bearer KEY`, as every hosted reranker and most servers take it. */
export const bearer: Credentials = {
  encode: (key) => ({ authorization: `Bearer ${key}` }),
  decode({ authorization }) {
    if (typeof authorization !== 'string') return undefined
    return /^Bearer +(\S+)$/i.exec(authorization)?.[1]
  },
}
