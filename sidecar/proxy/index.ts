import type { Clock } from '../../core/clock.ts'
import { dialectFor } from '../../core/dialects/index.ts'
import { usageError } from '../../core/errors.ts'
import type { ProxyState, ServingSample } from '../../core/snapshot.ts'
import { parseTargetUrl } from '../../core/target-url.ts'
import type { Source } from '../sources/source.ts'
import { CaptureBudget } from './capture.ts'
import { ExchangeReader, type Exchange } from './exchange.ts'
import { ProxyFigures } from './figures.ts'
import { Recorder } from './recorder.ts'
import { startRelay, type Tap } from './relay.ts'

export interface ProxyOptions {
  readonly listen: { readonly host: string; readonly port: number }
  /** URL of the reranker; its path stands before the paths of requests. */
  readonly target: string
  /** Where to write what passes; undefined: nowhere. */
  readonly record?:
    { readonly file: string; readonly texts: boolean; readonly maximumBytes: number } | undefined
  readonly version: string
  readonly clock: Clock
  readonly onTrouble: (sentence: string) => void
}

export interface Proxy {
  readonly url: string
  /** What was seen, as a source that is up as long as the proxy is. */
  readonly source: Source<ServingSample>
  /** Connections, and what passed without being counted in full. */
  state(): ProxyState
  close(): Promise<void>
}

/** 1,000 documents of 4,000 bytes; a longer body passes all the same, and is not read. */
const maximumBodyBytes = 4 * 1024 * 1024
const budgetBytes = 64 * 1024 * 1024
const maximumConnections = 1_024
const drainSeconds = 10

/**
 * Stands before the reranker and counts what passes. Rejects with a `UserError` for an address or a
 * file that cannot be had; a target that cannot be reached is said to clients (502), not here.
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { clock } = options
  const { prefix, origin } = parseTargetUrl(options.target, '--target')
  const recorder = recorderOf(options)
  const watch = new Watch({ prefix, recorder, nowSeconds: () => clock.monotonicSeconds() })
  let saidUnreachable = false
  const relay = await startRelay({
    listen: options.listen,
    target: addressOf(origin),
    maximumConnections,
    tap: () => watch.tap(),
    onReached: () => {
      saidUnreachable = false
    },
    onRefused: () => {
      watch.refused += 1
    },
    onUnreachable: (code) => {
      if (!saidUnreachable) options.onTrouble(`the proxy cannot reach ${origin} (${code}).`)
      saidUnreachable = true
    },
  }).catch(async (error: unknown) => {
    await recorder?.close()
    throw error
  })
  return {
    url: relay.url,
    source: {
      name: 'proxy',
      open: () =>
        Promise.resolve({
          pace: 'loop' as const,
          read: () => Promise.resolve(watch.sample()),
          close: () => undefined,
        }),
    },
    state: () => watch.state(),
    async close() {
      await relay.close(clock, drainSeconds)
      await recorder?.close()
    },
  }
}

function recorderOf({ record, clock, version, onTrouble }: ProxyOptions): Recorder | undefined {
  if (record === undefined) return undefined
  return new Recorder({
    ...record,
    startSeconds: clock.monotonicSeconds(),
    startedAt: new Date(clock.wallSeconds() * 1000).toISOString(),
    version,
    onTrouble,
  })
}

/** Reads along on every connection and adds up what it sees. */
class Watch {
  refused = 0
  readonly #figures = new ProxyFigures()
  readonly #budget = new CaptureBudget(budgetBytes)
  readonly #readers = new Set<ExchangeReader>()
  readonly #prefix: string
  readonly #recorder: Recorder | undefined
  readonly #nowSeconds: () => number
  #unreadConnections = 0

  constructor(options: {
    /** Of the target's URL: it stands before the paths of requests. */
    readonly prefix: string
    readonly recorder: Recorder | undefined
    readonly nowSeconds: () => number
  }) {
    this.#prefix = options.prefix
    this.#recorder = options.recorder
    this.#nowSeconds = options.nowSeconds
  }

  tap(): Tap {
    const reader = new ExchangeReader({
      nowSeconds: this.#nowSeconds,
      watches: (path) => dialectFor(this.#pathOf(path)) !== undefined,
      budget: this.#budget,
      maximumBodyBytes,
      onExchange: (exchange) => {
        this.#add(exchange)
      },
      onUnreadable: () => {
        this.#unreadConnections += 1
      },
      onClose: () => this.#readers.delete(reader),
    })
    this.#readers.add(reader)
    return reader
  }

  sample(): ServingSample {
    return this.#figures.sample(
      [...this.#readers].reduce((total, reader) => total + reader.inFlight, 0),
    )
  }

  state(): ProxyState {
    return {
      connections: this.#readers.size,
      unread: {
        request: this.#figures.unread,
        connection: this.#unreadConnections,
        refused: this.refused,
        ...(this.#recorder && { recording: this.#recorder.lost }),
      },
    }
  }

  #add(exchange: Exchange): void {
    const path = this.#pathOf(exchange.path)
    const shape = this.#figures.add({ ...exchange, path }, this.#recorder?.texts)
    if (shape !== undefined) this.#recorder?.add(shape, exchange.startSeconds)
  }

  #pathOf(path: string): string {
    return path.startsWith(this.#prefix) ? path.slice(this.#prefix.length) : path
  }
}

function addressOf(origin: string) {
  const { hostname, port, protocol } = new URL(origin)
  const tls = protocol === 'https:'
  const host = hostname.replace(/^\[(.*)\]$/, '$1')
  if (host === '') throw usageError('--target must name a host.')
  return { host, port: port === '' ? (tls ? 443 : 80) : Number(port), tls }
}
