import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the fixture does with a rerank request. */
export type Behaviour =
  | 'answer'
  /** Reads the request, then closes the connection without a word. */
  | 'drop'
  /** Closes the connection half-way through the answer's body. */
  | 'drop-mid-body'
  | 'silence'
  | 'overloaded'
  | 'no-key'
  | 'fail'
  /** 200 with fewer results than documents. */
  | 'short'
  /** 200, not JSON. */
  | 'garbage'
  /** Not HTTP at all. */
  | 'not-http'
  /** 200 whose every byte is a TCP segment of its own, with a CJK text in each result. */
  | 'bytewise'
  /** Tells that it will close the connection, and does. */
  | 'close'
  /** 100 Continue and 103 Early Hints before the answer, in one segment with it. */
  | 'interim'
  /** The answer twice, in one segment. */
  | 'twice'
  /** The answer and half a line more, in one segment. */
  | 'surplus'

export interface FixtureOptions {
  readonly latencySeconds?: number
  /** One request at a time, in order of arrival: a server with a capacity. */
  readonly serial?: boolean
  /** By position in the plan, which the trace id tells: arrivals can overtake each other. */
  readonly behaviourOf?: (index: number) => Behaviour
  /** How long the request's body stays unread, by position in the plan. */
  readonly readDelayOf?: (index: number) => number
  readonly maximumDocuments?: number
  /** What /info answers; default: TEI's. */
  readonly info?: { readonly status: number; readonly body: string } | 'silence' | 'endless'
  /** Bodies of other answers to GET, by path; 404 for all else. */
  readonly reads?: Readonly<Record<string, string>>
  readonly keepAliveSeconds?: number
}

export interface Arrival {
  /** On performance.now(), when the head of the request came. */
  readonly seconds: number
  readonly port: number
  readonly documents: number
  readonly query: string
  readonly traceparent: string | undefined
  readonly authorization: string | undefined
}

/** A reranker of TEI's dialect that takes exactly as long as it is told, and fails as it is told. */
export class FixtureServer {
  readonly arrivals: Arrival[] = []
  connections = 0
  infoRequests = 0
  readonly #options: FixtureOptions
  readonly #server = createServer((request, response) => {
    void this.#handle(request, response)
  })
  readonly #sockets = new Set<Socket>()
  #turn: Promise<void> = Promise.resolve()
  #url = ''

  private constructor(options: FixtureOptions) {
    this.#options = options
    this.#server.keepAliveTimeout = (options.keepAliveSeconds ?? 60) * 1000
    this.#server.on('connection', (socket) => {
      this.connections += 1
      this.#sockets.add(socket)
      socket.on('close', () => this.#sockets.delete(socket))
      socket.on('error', () => undefined)
    })
  }

  static async start(options: FixtureOptions = {}): Promise<FixtureServer> {
    const fixture = new FixtureServer(options)
    await new Promise<void>((resolve) => fixture.#server.listen(0, '127.0.0.1', resolve))
    fixture.#url = `http://127.0.0.1:${String((fixture.#server.address() as AddressInfo).port)}`
    return fixture
  }

  /** Stays what it was when the server has stopped. */
  get url(): string {
    return this.#url
  }

  get openConnections(): number {
    return this.#sockets.size
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seconds = performance.now() / 1000
    if (request.method === 'GET' && request.url !== '/info') {
      const body = this.#options.reads?.[request.url ?? '']
      response.writeHead(body === undefined ? 404 : 200).end(body)
      return
    }
    if (request.url === '/info') {
      this.#answerInfo(response)
      return
    }
    const index = Number.parseInt(String(request.headers.traceparent).slice(19, 35), 16)
    const unread = this.#options.readDelayOf?.(index) ?? 0
    if (unread > 0) await sleep(unread * 1000)
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
      query: string
      texts: string[]
    }
    this.arrivals.push({
      seconds,
      port: request.socket.remotePort ?? 0,
      documents: body.texts.length,
      query: body.query,
      traceparent: request.headers.traceparent as string | undefined,
      authorization: request.headers.authorization,
    })
    await this.#wait()
    await behaviours[this.#options.behaviourOf?.(index) ?? 'answer'](response, body.texts.length)
  }

  async #wait(): Promise<void> {
    const milliseconds = (this.#options.latencySeconds ?? 0) * 1000
    if (this.#options.serial !== true) {
      if (milliseconds > 0) await sleep(milliseconds)
      return
    }
    const before = this.#turn
    // Each turn ends `latency` after the later of its arrival and the turn before it, on one clock:
    // timers that fire late would add up, and the fixture would have a capacity of its own.
    const due = this.#dueAfter(milliseconds)
    this.#turn = before.then(() => sleepUntil(due))
    await this.#turn
  }

  #lastDue = 0
  #dueAfter(milliseconds: number): number {
    this.#lastDue = Math.max(this.#lastDue, performance.now()) + milliseconds
    return this.#lastDue
  }

  #answerInfo(response: ServerResponse): void {
    const { info, maximumDocuments } = this.#options
    this.infoRequests += 1
    if (info === 'silence') return
    if (info === 'endless') {
      pour(response)
      return
    }
    response.writeHead(info?.status ?? 200, { 'content-type': 'application/json' })
    response.end(
      info?.body ??
        JSON.stringify({
          model_id: 'fixture',
          max_input_length: 512,
          ...(maximumDocuments !== undefined && { max_client_batch_size: maximumDocuments }),
        }),
    )
  }
}

/** Bytes for as long as somebody reads them. */
function pour(response: ServerResponse): void {
  while (!response.destroyed && response.write('a'.repeat(65536)));
  response.once('drain', () => {
    pour(response)
  })
}

async function sleepUntil(due: number): Promise<void> {
  const left = due - performance.now()
  if (left > 0) await sleep(left)
}

const ranking = (documents: number, text?: string) =>
  JSON.stringify(
    Array.from({ length: documents }, (_, index) => ({ index, score: 1 / (index + 1), text })),
  )

function answerAndMore(response: ServerResponse, body: string, more: string): void {
  const { socket } = response
  socket?.cork()
  response.writeHead(200, { 'content-length': body.length })
  response.end(body)
  socket?.write(more)
  socket?.uncork()
}

const behaviours: Readonly<
  Record<Behaviour, (response: ServerResponse, documents: number) => void | Promise<void>>
> = {
  answer: (response, documents) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-queue-time': '7' })
    response.end(ranking(documents))
  },
  drop: (response) => {
    response.socket?.destroy()
  },
  'drop-mid-body': (response, documents) => {
    const body = ranking(documents)
    response.writeHead(200, { 'content-length': body.length })
    response.write(body.slice(0, body.length / 2), () => response.socket?.destroy())
  },
  silence: () => undefined,
  overloaded: (response) => {
    response.writeHead(429)
    response.end('{"error":"Model is overloaded","error_type":"Overloaded"}')
  },
  'no-key': (response) => {
    response.writeHead(401)
    response.end('{"error":"Unauthorized"}')
  },
  fail: (response) => {
    response.writeHead(500)
    response.end('boom')
  },
  short: (response, documents) => {
    response.writeHead(200)
    response.end(ranking(documents - 1))
  },
  garbage: (response) => {
    response.writeHead(200)
    response.end('<html>')
  },
  'not-http': (response) => {
    response.socket?.write('SSH-2.0-OpenSSH\r\n\r\n')
  },
  bytewise: async (response, documents) => {
    const body = Buffer.from(ranking(documents, '重排序'))
    response.writeHead(200, { 'content-type': 'application/json' })
    response.socket?.setNoDelay(true)
    for (let at = 0; at < body.length; at += 7) {
      response.write(body.subarray(at, at + 7))
      await new Promise((resolve) => setImmediate(resolve))
    }
    response.end()
  },
  close: (response, documents) => {
    response.writeHead(200, { connection: 'close' })
    response.end(ranking(documents))
  },
  interim: (response, documents) => {
    response.socket?.cork()
    response.writeContinue()
    response.writeEarlyHints({ link: '</>; rel=preload' })
    response.end(ranking(documents))
    response.socket?.uncork()
  },
  twice: (response, documents) => {
    const body = ranking(documents)
    answerAndMore(
      response,
      body,
      `HTTP/1.1 200 OK\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`,
    )
  },
  surplus: (response, documents) => {
    answerAndMore(response, ranking(documents), 'half a li')
  },
}
