/**
 * The few parts of autocannon 9.0.0 that the engine leans on. `_connect`, `_doRequest`,
 * `_destroyConnection`, `pipelinedRequests`, `requestIterator` and `parser` are not documented API:
 * the version is pinned, and the engine conformance suite fails when one of them changes.
 */
declare module 'autocannon' {
  import type { EventEmitter } from 'node:events'
  import type { Socket } from 'node:net'

  export interface RequestParts {
    body?: Buffer | string
    headers: Record<string, string>
    requestBuffer?: Buffer
  }

  export interface ResponseHead {
    readonly statusCode: number
    /** Name, value, name, value, … as received. */
    readonly headers: readonly string[]
    readonly shouldKeepAlive: boolean
  }

  export interface Client extends EventEmitter {
    conn: Socket | undefined
    readonly requestIterator: {
      currentRequest: RequestParts
      rebuildRequest(): void
    }
    readonly pipelinedRequests: {
      terminateRequest(): unknown
    }
    readonly parser: {
      /** Of the chunk at hand: how far it is read, and where it ends. */
      readonly offset: number
      readonly end: number
      /** Bytes consumed, or the error. */
      execute(chunk: Buffer): number | Error
      /** The other end has closed: completes an answer that has no length. */
      finish(): Error | undefined
      reinitialize(type: 'RESPONSE'): void
    }
    _connect(): void
    _doRequest(): void
    _destroyConnection(): void
  }

  export interface Options {
    readonly url: string
    readonly connections: number
    readonly duration: number
    readonly timeout: number
    readonly sampleInt: number
    readonly skipAggregateResult: boolean
    readonly setupClient: (client: Client) => void
    readonly requests: readonly {
      readonly method: string
      readonly path: string
      readonly headers: Record<string, string>
      readonly setupRequest: (request: RequestParts) => RequestParts
    }[]
  }

  export interface Instance extends PromiseLike<unknown> {
    stop(): void
  }

  export default function autocannon(options: Options): Instance
}
