import type { Socket } from 'node:net'
import type { Client, ResponseHead } from 'autocannon'

/** More than any ranking; a target that sends more is cut off, or it could fill our memory. */
const maximumAnswerBytes = 16 * 1024 * 1024

export interface Answer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** In pieces as they came: only the whole may be decoded, or characters are torn apart. */
  readonly body: readonly Buffer[]
}

export type Ending =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'connect_error' | 'connection_lost' | 'invalid_response' }

/** What autocannon keeps of a request for its own figures, which nobody reads. */
const unread = { req: undefined, body: '', bytes: 0, duration: 0, headers: {} }

/** One request on the wire. */
export interface Exchange {
  /** Head and body, as built by autocannon beforehand. */
  readonly request: Buffer
  /** Filled in as they happen. */
  readonly times: { sentSeconds: number; firstByteSeconds: number | undefined }
  readonly onEnd: (ending: Ending, doneSeconds: number) => void
}

/**
 * One of autocannon's clients, driven by us: it opens its connection when there is something to send
 * and sends only what it is given. What is replaced, and why:
 *
 * - `_connect` and `_doRequest` fire and reconnect on their own, without limit when refused, and
 *   `_doRequest` builds, counts and books a request at the moment of sending, which makes it late: the
 *   bytes are written to the socket by us;
 * - `parser` keeps the half of an answer that a lost connection left behind;
 * - `pipelinedRequests` would decode answers chunk by chunk, which destroys characters that span two
 *   chunks: nothing is booked there, so it has nothing to give when an answer is complete, and
 *   autocannon must get something.
 */
export class Connection {
  readonly #client: Client
  readonly #now: () => number
  readonly #prototype: Client
  #exchange: Exchange | undefined
  #connected = false
  #head: ResponseHead | undefined
  #body: Buffer[] = []
  #bodyBytes = 0
  /** Whole, but the piece of the stream that it came with may hold more. */
  #answer: Answer | undefined
  #reusable = false

  constructor(client: Client, now: () => number) {
    this.#client = client
    this.#now = now
    this.#prototype = Object.getPrototypeOf(client) as Client
    client._connect = () => undefined
    client._doRequest = () => undefined
    client._destroyConnection = () => {
      this.#drop()
    }
    client.pipelinedRequests.terminateRequest = () => unread
    client.on('headers', (head: ResponseHead) => {
      if (this.#answer === undefined) this.#head = head
    })
    client.on('body', (piece: Buffer) => {
      this.#keep(piece)
    })
    client.on('response', () => {
      this.#complete()
    })
  }

  get open(): boolean {
    return this.#client.conn !== undefined
  }

  /** Writes the request. The exchange ends exactly once, unless it is abandoned. */
  send(exchange: Exchange): void {
    const socket = this.#client.conn ?? this.#connect()
    this.#exchange = exchange
    exchange.times.sentSeconds = this.#now()
    socket.write(exchange.request)
  }

  /** Gives the running exchange up without an ending, and closes the connection: its answer may still come. */
  abandon(): void {
    this.#exchange = undefined
    this.#drop()
  }

  #connect(): Socket {
    const client = this.#client
    client.parser.reinitialize('RESPONSE')
    this.#connected = false
    this.#prototype._connect.call(client)
    const socket = client.conn
    if (socket === undefined)
      throw new Error('autocannon opened no socket. This is a bug in rerankscope.')
    socket.setNoDelay(true)
    for (const event of ['error', 'end', 'data']) socket.removeAllListeners(event)
    socket.on('connect', () => {
      this.#connected = true
    })
    socket.on('data', (chunk: Buffer) => {
      this.#read(chunk)
    })
    socket.on('end', () => {
      // An answer without a length is complete when the connection ends.
      if (this.#head === undefined) return
      client.parser.finish()
      if (this.#answer !== undefined) this.#end({ kind: 'answered', answer: this.#answer })
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      if (client.conn === socket)
        this.#end({ kind: this.#connected ? 'connection_lost' : 'connect_error' })
    })
    return socket
  }

  #read(chunk: Buffer): void {
    const { parser } = this.#client
    if (this.#exchange === undefined) {
      // Bytes that nobody asked for would be taken for the next answer.
      this.#drop()
      return
    }
    this.#exchange.times.firstByteSeconds ??= this.#now()
    const result = parser.execute(chunk)
    // Only now: the parser must not meet the next request, or a new connection, half-way through.
    if (this.#answer !== undefined) {
      this.#end({ kind: 'answered', answer: this.#answer }, this.#reusable)
    } else if (result instanceof Error || this.#bodyBytes > maximumAnswerBytes) {
      this.#end({ kind: 'invalid_response' })
    }
  }

  #keep(piece: Buffer): void {
    if (this.#answer !== undefined) return
    this.#bodyBytes += piece.length
    if (this.#bodyBytes <= maximumAnswerBytes) this.#body.push(piece)
  }

  #complete(): void {
    const head = this.#head
    if (head === undefined || this.#answer !== undefined) return
    if (isInterim(head.statusCode)) {
      this.#head = undefined
      return
    }
    const { offset, end } = this.#client.parser
    this.#answer = {
      status: head.statusCode,
      headers: headersOf(head.headers),
      body: this.#body,
    }
    // Bytes after the answer would be taken for the beginning of the next one.
    this.#reusable = head.shouldKeepAlive && offset === end
  }

  #end(ending: Ending, keepAlive = false): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    if (keepAlive) this.#forget()
    else this.#drop()
    exchange?.onEnd(ending, this.#now())
  }

  #drop(): void {
    const socket = this.#client.conn
    this.#client.conn = undefined
    this.#forget()
    socket?.destroy()
  }

  #forget(): void {
    this.#head = undefined
    this.#body = []
    this.#bodyBytes = 0
    this.#answer = undefined
  }
}

/** 100 and 103 only announce an answer; 101 is one. */
function isInterim(status: number): boolean {
  return status >= 100 && status < 200 && status !== 101
}

function headersOf(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (let at = 0; at + 1 < raw.length; at += 2) {
    headers[(raw[at] ?? '').toLowerCase()] = raw[at + 1] ?? ''
  }
  return headers
}
