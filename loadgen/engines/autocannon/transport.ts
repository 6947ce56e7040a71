import autocannon, { type Client, type Instance, type RequestParts } from 'autocannon'
import { present } from '../../../core/assert.ts'
import type { Clock } from '../../../core/clock.ts'
import type { Endpoint } from '../engine.ts'
import { Connection, type Ending } from './connection.ts'

/** autocannon's own timers must never act: the pacer sends, and timeouts are ours. */
const foreverSeconds = 24 * 3600
/** How exactly a timeout is noticed; what is recorded is the time really waited. */
const timeoutCheckSeconds = 0.02

export interface Outgoing {
  readonly body: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export type Ended =
  | {
      readonly ending: Ending | { readonly kind: 'timeout' }
      readonly sentSeconds: number
      readonly firstByteSeconds: number | undefined
      readonly doneSeconds: number
    }
  /** Given up by `close`, before or after it was sent. */
  | { readonly ending: { readonly kind: 'unsent' | 'unfinished' } }

interface Queued {
  readonly request: Buffer
  readonly timeoutSeconds: number
  readonly resolve: (ended: Ended) => void
}

interface Flight {
  readonly connection: Connection
  readonly deadlineSeconds: number
  readonly times: { sentSeconds: number; firstByteSeconds: number | undefined }
  readonly resolve: (ended: Ended) => void
}

/** A pool of autocannon's clients. Connections are opened as they are needed and kept. */
export class Transport {
  readonly #clock: Clock
  readonly #instance: Instance
  /** The most recently used last: the target is least likely to be closing it. */
  readonly #idle: Connection[] = []
  readonly #flights = new Set<Flight>()
  readonly #waiting: Queued[] = []
  readonly #closed = new AbortController()
  readonly #watch: Promise<void>
  #builder: Client | undefined
  #outgoing: Outgoing | undefined
  #delayed = 0

  constructor(endpoint: Endpoint, maximumInFlight: number, clock: Clock) {
    this.#clock = clock
    const now = () => clock.monotonicSeconds()
    this.#instance = autocannon({
      url: endpoint.origin,
      connections: maximumInFlight,
      duration: foreverSeconds,
      timeout: foreverSeconds,
      sampleInt: 100,
      skipAggregateResult: true,
      setupClient: (client) => {
        this.#builder ??= client
        this.#idle.push(new Connection(client, now))
      },
      // One element: autocannon copies the whole list for every connection.
      requests: [
        {
          method: 'POST',
          path: endpoint.path,
          headers: { 'content-type': 'application/json', ...endpoint.headers },
          setupRequest: (request) => this.#setUp(request),
        },
      ],
    })
    this.#watch = this.#watchDeadlines()
  }

  /** Requests that had to wait because `maximumInFlight` others were on their way. */
  get delayed(): number {
    return this.#delayed
  }

  /** The bytes of a request, built by autocannon; the same for every connection. */
  build(outgoing: Outgoing): Buffer {
    const { requestIterator } = present(this.#builder, 'autocannon made no client.')
    this.#outgoing = outgoing
    requestIterator.rebuildRequest()
    this.#outgoing = undefined
    return present(requestIterator.currentRequest.requestBuffer, 'autocannon built no request.')
  }

  /**
   * Sends what `build` made, before it returns unless `maximumInFlight` requests are on their way.
   * Never rejects.
   */
  send(request: Buffer, timeoutSeconds: number): Promise<Ended> {
    return new Promise((resolve) => {
      const outgoing = { request, timeoutSeconds, resolve }
      const open = this.#idle.findLastIndex((connection) => connection.open)
      const connection = this.#idle.splice(open, 1)[0]
      if (connection !== undefined) {
        this.#fire(connection, outgoing)
        return
      }
      this.#delayed += 1
      this.#waiting.push(outgoing)
    })
  }

  /** Gives up what is on its way and closes every connection. */
  async close(): Promise<void> {
    this.#closed.abort()
    for (const { resolve } of this.#waiting.splice(0)) resolve({ ending: { kind: 'unsent' } })
    for (const { connection, resolve } of this.#flights) {
      connection.abandon()
      resolve({ ending: { kind: 'unfinished' } })
    }
    this.#flights.clear()
    this.#instance.stop()
    await this.#instance
    await this.#watch
  }

  #fire(connection: Connection, { request, timeoutSeconds, resolve }: Queued): void {
    const times = { sentSeconds: this.#clock.monotonicSeconds(), firstByteSeconds: undefined }
    const deadlineSeconds = times.sentSeconds + timeoutSeconds
    const flight: Flight = { connection, deadlineSeconds, times, resolve }
    this.#flights.add(flight)
    connection.send({
      request,
      times,
      onEnd: (ending, doneSeconds) => {
        this.#land(flight, ending, doneSeconds)
      },
    })
  }

  #land(flight: Flight, ending: Ending | { kind: 'timeout' }, doneSeconds: number): void {
    this.#flights.delete(flight)
    this.#idle.push(flight.connection)
    flight.resolve({ ending, ...flight.times, doneSeconds })
    const next = this.#waiting.shift()
    if (next === undefined) return
    const connection = this.#idle.pop()
    if (connection !== undefined) this.#fire(connection, next)
  }

  #setUp(request: RequestParts): RequestParts {
    // Also called once a client when it is made, with nothing to send.
    if (this.#outgoing === undefined) return { ...request, body: '{}' }
    const { body, headers } = this.#outgoing
    return { ...request, body, headers: { ...request.headers, ...headers } }
  }

  async #watchDeadlines(): Promise<void> {
    while (!this.#closed.signal.aborted) {
      await this.#clock.sleep(timeoutCheckSeconds, this.#closed.signal)
      const now = this.#clock.monotonicSeconds()
      for (const flight of this.#flights) {
        if (flight.deadlineSeconds > now) continue
        // Its answer may still come, and would be taken for that of the next request.
        flight.connection.abandon()
        this.#land(flight, { kind: 'timeout' }, now)
      }
    }
  }
}
