import type { Socket } from 'node:net'
import { STATUS_CODES } from 'node:http'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { messageOf } from '../../core/errors.ts'

/** As node_exporter and its kin: more scrapes at once are a mistake, or an attack. */
export const maximumInFlight = 40
/** Idle keep-alive connections, streams and scrapes together. */
const maximumConnections = 256

/** Open for hours, and bounded by itself. */
export const streamPath = '/events'

const plain = 'text/plain; charset=utf-8'

/** What a page of ours may do in a browser, unless it says more: nothing. */
const headers = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const

/** A sentence for a person or a log, whatever was asked for. */
export function say(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type(plain).send(`${sentence}\n`)
}

/** Before a body is read: that a POST is malformed or too large is not what is wrong with it. */
export function guardMethods(server: FastifyInstance): void {
  server.addHook('onRequest', async ({ method }, reply) => {
    reply.headers(headers)
    if (method === 'GET' || method === 'HEAD') return
    reply.headers({ allow: 'GET, HEAD', connection: 'close' })
    await say(reply, 405, 'Only GET and HEAD.')
  })
}

/** Refuses what comes while `maximumInFlight` requests are being answered; probes always get through. */
export function guardLoad(server: FastifyInstance): void {
  server.server.maxConnections = maximumConnections
  let inFlight = 0
  server.addHook('onRequest', async ({ routeOptions: { url = '' } }, reply) => {
    if (url.startsWith('/-/') || url === streamPath) return
    if (inFlight >= maximumInFlight) {
      reply.header('retry-after', '1')
      await say(reply, 503, `${String(maximumInFlight)} requests are being answered: try again.`)
      return
    }
    inFlight += 1
    // Not when it is rendered but when it is gone: a caller who does not read holds its place.
    reply.raw.once('close', () => (inFlight -= 1))
  })
}

/** An address that cannot be decoded: the framework's own words are JSON, and name its code. */
export function onBadAddress(_: Error, __: unknown, reply: FastifyReply): void {
  reply.headers(headers)
  say(reply, 400, 'This address cannot be read: a % must be followed by two hexadecimal digits.')
}

export function onFailure(error: unknown, reply: FastifyReply): FastifyReply {
  const given = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined
  return say(reply, typeof given === 'number' ? given : 500, messageOf(error))
}

const malformed: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The address or the headers are too long.'],
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'The request did not come whole in time.'],
}

/** What is not even a request gets a sentence too, as far as its connection still takes one. */
export function onMalformed(error: Error & { readonly code?: string }, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy()
    return
  }
  const [status, sentence] = malformed[error.code ?? ''] ?? [400, 'This is no HTTP request.']
  socket.end(
    `HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\ncontent-type: ${plain}\r\n` +
      `content-length: ${String(sentence.length + 1)}\r\nconnection: close\r\n\r\n${sentence}\n`,
  )
}
