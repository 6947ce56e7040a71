import { HTTPParser } from 'http-parser-js'
import type { CaptureBudget } from './capture.ts'
import { Capture } from './capture.ts'

/** One rerank request and what became of it, as seen from between the two. */
export interface Exchange {
  /** Without the query string. */
  readonly path: string
  readonly request: Message
  /** Undefined: none came. */
  readonly response: (Message & { readonly status: number }) | undefined
  /** When the first byte of the request came, and the last one of the answer, monotonic. */
  readonly startSeconds: number
  readonly endSeconds: number
  /** Who ended it before the answer was whole; undefined: it is whole. */
  readonly brokenBy: Breaker | undefined
}

/** `unreachable`: the target never took the connection. */
export type Breaker = 'client' | 'target' | 'unreachable'

export interface Message {
  /** Names in lower case; of a repeated header the last. */
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: too large to be kept. */
  readonly body: Buffer | undefined
}

interface Open {
  readonly watched: boolean
  readonly path: string
  readonly head: boolean
  readonly startSeconds: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Capture
  response: { readonly status: number; readonly headers: Message['headers'] } | undefined
  readonly responseBody: Capture
}

/** Requests of one connection that were sent ahead of their answers; more is no client but an attack. */
const maximumPipelined = 256

/**
 * Reads along on one connection. It sees copies of the bytes that pass and cannot hold them up: what
 * it does not understand it stops reading, and the connection goes on unread.
 */
export class ExchangeReader {
  readonly #open: Open[] = []
  readonly #options: ExchangeReaderOptions
  readonly #requests = new HTTPParser(HTTPParser.REQUEST)
  readonly #responses = new HTTPParser(HTTPParser.RESPONSE)
  #arriving: Open | undefined
  #begunSeconds: number | undefined
  #informational = false
  #unreadable = false
  #unreachable = false

  constructor(options: ExchangeReaderOptions) {
    this.#options = options
    this.#requests[HTTPParser.kOnHeadersComplete] = ({ headers, method, url, upgrade }) => {
      this.#requestBegins(headers, HTTPParser.methods[method] ?? '', url)
      if (upgrade) this.#giveUp()
    }
    this.#requests[HTTPParser.kOnBody] = (chunk) => {
      this.#arriving?.body.add(chunk)
    }
    this.#requests[HTTPParser.kOnMessageComplete] = () => {
      this.#arriving = undefined
      this.#begunSeconds = undefined
    }
    this.#responses[HTTPParser.kOnHeadersComplete] = ({ headers, statusCode }) =>
      this.#responseBegins(headers, statusCode)
    this.#responses[HTTPParser.kOnBody] = (chunk) => {
      this.#open[0]?.responseBody.add(chunk)
    }
    this.#responses[HTTPParser.kOnMessageComplete] = () => {
      if (this.#informational) this.#informational = false
      else this.#end(undefined)
    }
    // Trailers pass; nothing here needs them.
    this.#requests[HTTPParser.kOnHeaders] = () => undefined
    this.#responses[HTTPParser.kOnHeaders] = () => undefined
  }

  /** Watched requests that have no whole answer yet. */
  get inFlight(): number {
    return this.#open.filter(({ watched }) => watched).length
  }

  /** Whether any request waits for its answer, or the connection cannot be read. */
  get busy(): boolean {
    return this.#unreadable || this.#open.length > 0 || this.#begunSeconds !== undefined
  }

  request(chunk: Buffer): void {
    if (this.#unreadable) return
    this.#begunSeconds ??= this.#options.nowSeconds()
    this.#feed(this.#requests, chunk)
  }

  response(chunk: Buffer): void {
    if (!this.#unreadable) this.#feed(this.#responses, chunk)
  }

  /** The target has said all it will: an answer without a length ends here. */
  responseEnds(): void {
    if (this.#unreadable || this.#open[0]?.response === undefined) return
    if (this.#responses.finish() instanceof Error) this.#unreadable = true
  }

  /** Nobody will answer what comes on this connection. */
  unreachable(): void {
    this.#unreachable = true
  }

  /** The connection is gone: what is open stays without a whole answer. */
  close(by: 'client' | 'target'): void {
    while (this.#open.length > 0) this.#end(this.#unreachable ? 'unreachable' : by)
    this.#unreadable = true
    this.#options.onClose()
  }

  #feed(parser: InstanceType<typeof HTTPParser>, chunk: Buffer): void {
    try {
      if (typeof parser.execute(chunk) !== 'number') this.#giveUp()
    } catch {
      this.#giveUp()
    }
  }

  #requestBegins(headers: readonly string[], method: string, url: string): void {
    // The parser goes on to the end of its bytes, also when we gave up at their beginning.
    if (this.#unreadable) return
    const path = url.replace(/^[a-z]+:\/\/[^/]*/i, '').split('?', 1)[0] ?? ''
    const watched = method === 'POST' && this.#options.watches(path)
    const { budget, maximumBodyBytes } = this.#options
    const capture = () => new Capture(budget, watched ? maximumBodyBytes : 0)
    const open: Open = {
      watched,
      path,
      head: method === 'HEAD',
      startSeconds: this.#begunSeconds ?? this.#options.nowSeconds(),
      headers: lowerCased(headers),
      body: capture(),
      response: undefined,
      responseBody: capture(),
    }
    if (this.#open.length === maximumPipelined) {
      this.#giveUp()
      return
    }
    this.#open.push(open)
    this.#arriving = open
  }

  /** 1: no body follows, whatever the headers say. */
  #responseBegins(headers: readonly string[], status: number): 0 | 1 {
    const open = this.#open[0]
    if (open === undefined || status === 101) {
      this.#giveUp()
      return 1
    }
    this.#informational = status < 200
    if (!this.#informational) open.response = { status, headers: lowerCased(headers) }
    return open.head ? 1 : 0
  }

  #end(brokenBy: Exchange['brokenBy']): void {
    const open = this.#open.shift()
    if (open === undefined) return
    const { path, watched, startSeconds, headers, body, response, responseBody } = open
    if (watched) {
      this.#options.onExchange({
        path,
        request: { headers, body: body.bytes() },
        response: response && { ...response, body: responseBody.bytes() },
        startSeconds,
        endSeconds: this.#options.nowSeconds(),
        brokenBy,
      })
    }
    body.release()
    responseBody.release()
  }

  #giveUp(): void {
    if (this.#unreadable) return
    this.#unreadable = true
    for (const { body, responseBody } of this.#open.splice(0)) {
      body.release()
      responseBody.release()
    }
    this.#options.onUnreadable()
  }
}

export interface ExchangeReaderOptions {
  readonly nowSeconds: () => number
  /** Whether a POST to this path is a rerank request. */
  readonly watches: (path: string) => boolean
  readonly budget: CaptureBudget
  /** Of one message; a longer body is not kept. */
  readonly maximumBodyBytes: number
  readonly onExchange: (exchange: Exchange) => void
  /** Called once when the rest of the connection will pass unread. */
  readonly onUnreadable: () => void
  readonly onClose: () => void
}

function lowerCased(raw: readonly string[]): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>
  for (let at = 0; at + 1 < raw.length; at += 2) {
    headers[(raw[at] ?? '').toLowerCase()] = raw[at + 1] ?? ''
  }
  return headers
}
