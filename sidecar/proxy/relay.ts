import { connect as connectTcp, createServer, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { within, type Clock } from '../../core/clock.ts'
import { environmentError, messageOf, systemCodeOf } from '../../core/errors.ts'

/** Who reads along on a connection. Bytes have passed before it sees them. */
export interface Tap {
  readonly busy: boolean
  request(chunk: Buffer): void
  response(chunk: Buffer): void
  responseEnds(): void
  unreachable(): void
  close(by: 'client' | 'target'): void
}

export interface RelayOptions {
  readonly listen: { readonly host: string; readonly port: number }
  readonly target: { readonly host: string; readonly port: number; readonly tls: boolean }
  /** More are refused: each holds two sockets. */
  readonly maximumConnections: number
  readonly tap: () => Tap
  readonly onRefused: () => void
  readonly onReached: () => void
  /** A connection to the target could not be had; `code` is the system's. */
  readonly onUnreachable: (code: string) => void
}

export interface Relay {
  readonly url: string
  /** Takes no more, lets what is being answered end for at most `drainSeconds`. */
  close(clock: Pick<Clock, 'sleep'>, drainSeconds: number): Promise<void>
}

/** Long enough for a client on a slow line to take the 502 in, before its connection is cut. */
const farewellMilliseconds = 5_000
const lingerMilliseconds = 60_000
const keepAliveMilliseconds = 60_000

/**
 * Joins each connection of a client with one of its own to the target, byte by byte in both
 * directions: whatever HTTP does on it (keep-alive, pipelining, trailers, upgrades, half-closed
 * connections, backpressure) passes because nothing here knows of it. Rejects with an environment
 * error when the address cannot be had.
 */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const links = new Set<{ readonly tap: Tap; readonly cut: () => void }>()
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true })
  server.maxConnections = options.maximumConnections
  server.on('drop', options.onRefused)
  let closing = false
  server.on('connection', (client) => {
    const link = join(client, options, () => closing)
    links.add(link)
    client.once('close', () => links.delete(link))
  })
  const { host, port } = options.listen
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        environmentError(
          `--proxy cannot listen on ${host}:${String(port)} (${systemCodeOf(error) ?? messageOf(error)}): stop what holds it, or choose another HOST:PORT.`,
        ),
      )
    })
    server.listen({ host, port }, resolve)
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${String(bound)}`,
    async close(clock, drainSeconds) {
      closing = true
      const closed = new Promise((resolve) => server.close(resolve))
      for (const link of links) if (!link.tap.busy) link.cut()
      if (await within(clock, drainSeconds, closed)) return
      for (const link of links) link.cut()
      await closed
    },
  }
}

function join(client: Socket, options: RelayOptions, closing: () => boolean) {
  const tap = options.tap()
  const target = connected(options.target)
  let reached = false
  target.once(options.target.tls ? 'secureConnect' : 'connect', () => {
    reached = true
    options.onReached()
  })
  client.pipe(target)
  target.pipe(client)
  // After the pipes: a byte goes on its way before anybody looks at it.
  client.on('data', (chunk: Buffer) => {
    tap.request(chunk)
  })
  target.on('data', (chunk: Buffer) => {
    tap.response(chunk)
    // Answered: what a client keeps open for later must not hold up the stop.
    if (closing() && !tap.busy) client.end()
  })
  target.once('end', () => {
    tap.responseEnds()
    // No answer can follow: a client that stays all the same is let go.
    client.setTimeout(lingerMilliseconds, () => {
      client.destroy()
    })
  })
  client.on('error', () => {
    tap.close('client')
    target.destroy()
  })
  target.on('error', (error) => {
    if (reached || client.destroyed) {
      tap.close('target')
      // Not an orderly end: the client must not take half an answer for a whole one.
      client.resetAndDestroy()
      return
    }
    tap.unreachable()
    options.onUnreachable(systemCodeOf(error) ?? 'unknown')
    sayUnreachable(client)
  })
  client.once('close', () => {
    tap.close('client')
    target.destroy()
  })
  target.once('close', () => {
    if (reached) tap.close('target')
    // Whatever the client still says, nobody is there to hear it.
    if (reached && client.writableEnded) client.destroySoon()
  })
  return {
    tap,
    cut: () => {
      client.destroy()
      target.destroy()
    },
  }
}

function connected({ host, port, tls }: RelayOptions['target']): Socket {
  const options = { host, port, allowHalfOpen: true, noDelay: true, keepAlive: true }
  // An address is no name that a server could choose its certificate by; it is compared all the same.
  const name = isIP(host) === 0 ? { servername: host } : {}
  return tls
    ? connectTls({ ...options, ...name, ALPNProtocols: ['http/1.1'] })
    : connectTcp({ ...options, keepAliveInitialDelay: keepAliveMilliseconds })
}

/** In place of the target, as any gateway says it. */
function sayUnreachable(client: Socket): void {
  const body = 'The reranker behind the rerankscope proxy cannot be reached.\n'
  client.unpipe()
  client.resume()
  client.setTimeout(farewellMilliseconds, () => {
    client.destroy()
  })
  client.end(
    `HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/plain\r\ncontent-length: ${String(body.length)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
