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
  readonly returnDocuments: boolean
  readonly rawScores: boolean
  readonly truncation: boolean
  /** Several queries in one request. */
  readonly pairLists: boolean
  /** The answer says how long the server spent in which stage. */
  readonly serverPhases: boolean
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
  /** POST path of a rerank request. */
  readonly path: string
  readonly capabilities: DialectCapabilities

  /** Server side. Throws `RerankFailure` of kind `malformed`, `validation` or `empty`. */
  decodeRequest(body: unknown): RerankRequest
  encodeResult(request: RerankRequest, result: RerankResult, phases: ServerPhases): WireMessage
  encodeFailure(failure: RerankFailure): WireMessage

  /** Client side. The body is what is sent, byte for byte. */
  encodeRequest(request: RerankRequest): string
  /** Throws an `Error` that says what is wrong with an answer of status 200. */
  decodeResult(message: WireMessage): RerankResult
  decodePhases(message: WireMessage): ServerPhases

  /** Where a server of this dialect tells its limits, if anywhere. */
  readonly info?: {
    readonly path: string
    encode(info: ServerInfo): string
    /** Throws when the body is not this dialect's: that is how `auto` finds out. */
    decode(body: string): ServerInfo
  }
}
