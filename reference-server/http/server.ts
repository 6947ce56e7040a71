import type { IncomingMessage } from 'node:http'
import fastify, { type FastifyReply } from 'fastify'
import type { Clock } from '../../core/clock.ts'
import { environmentError, messageOf, systemCodeOf } from '../../core/errors.ts'
import { dialects } from '../../core/dialects/index.ts'
import { RerankFailure } from '../../core/rerank.ts'
import { drainable } from './drain.ts'
import { readJson } from './body.ts'
import { failureOf } from './failures.ts'
import { readRoutes, type ReadState } from './reads.ts'
import { BodyReceiver } from './receive.ts'
import { rerankRoutes, sendFailure, type RerankHandler } from './rerank.ts'

export interface HttpOptions extends ReadState {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  readonly maximumBodyBytes: number
  /** Of all bodies together that are arriving. Absent: any. */
  readonly maximumQueuedBytes?: number
  readonly handler: RerankHandler
  readonly log: (line: string) => void
}

/**
 * A client gets this long for its headers and its whole request, so that slow ones cannot hold
 * connections for ever; a kept-alive connection may idle a little longer than a scrape interval.
 */
const headersTimeoutMilliseconds = 10_000
const requestTimeoutMilliseconds = 60_000
const keepAliveTimeoutMilliseconds = 75_000

/** Routes × dialects. Throws an environment error when the address is taken. */
export async function listen(options: HttpOptions): Promise<{
  readonly url: string
  /** Takes no more, answers what was accepted for at most `drainSeconds`. */
  readonly close: (clock: Clock, drainSeconds: number) => Promise<void>
}> {
  const app = fastify({
    requestTimeout: requestTimeoutMilliseconds,
    keepAliveTimeout: keepAliveTimeoutMilliseconds,
    http: { headersTimeout: headersTimeoutMilliseconds },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    // A path that is not even well formed; fastify's own answer would repeat it.
    frameworkErrors: (_error, _request, reply) => {
      answerFailure(reply, nothingHere())
    },
  })
  const close = drainable(app)
  app.removeAllContentTypeParsers()
  const bodies = new BodyReceiver({
    maximumBytes: options.maximumBodyBytes,
    maximumTogetherBytes: options.maximumQueuedBytes ?? Infinity,
  })
  app.addContentTypeParser(
    'application/json',
    async (_request: unknown, message: IncomingMessage) => readJson(await bodies.receive(message)),
  )
  rerankRoutes(app, options.handler)
  readRoutes(app, options)
  // Before the body is read: what is wrong is the path, whatever the body is.
  app.addHook('onRequest', (request, _reply, next) => {
    next(request.is404 ? nothingHere() : undefined)
  })
  app.setErrorHandler((error, _request, reply) => {
    const failure = failureOf(error)
    if (failure.kind === 'backend') options.log(`A request failed: ${messageOf(error)}`)
    return answerFailure(reply, failure)
  })
  try {
    return { url: await app.listen({ host: options.host, port: options.port }), close }
  } catch (error) {
    await app.close()
    throw cannotListen(error, options)
  }
}

function nothingHere(): RerankFailure {
  return new RerankFailure('not_found', 'There is nothing at this path.')
}

/** In the first dialect's words, for whoever asked in none. */
function answerFailure(reply: FastifyReply, failure: RerankFailure): FastifyReply {
  const [dialect] = dialects
  return dialect === undefined ? reply : sendFailure(reply, dialect, failure)
}

function cannotListen(error: unknown, { host, port }: HttpOptions): Error {
  const at = `${host}:${String(port)}`
  const sentences: Readonly<Record<string, string>> = {
    EADDRINUSE: `Port ${at} is in use: choose another with --port, or 0 for any.`,
    EACCES: `Port ${at} needs rights that you do not have: choose one above 1023.`,
    EADDRNOTAVAIL: `${host} is not an address of this machine: choose another --host.`,
    ENOTFOUND: `${host} is not an address of this machine: choose another --host.`,
  }
  return environmentError(
    sentences[systemCodeOf(error) ?? ''] ??
      `The server cannot listen on ${at}: ${messageOf(error)}.`,
  )
}
