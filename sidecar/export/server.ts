import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { within, type Clock } from '../../core/clock.ts'
import type { Snapshot } from '../../core/snapshot.ts'
import {
  guardLoad,
  guardMethods,
  onBadAddress,
  onFailure,
  onMalformed,
  say,
  streamPath,
} from './guards.ts'
import type { MetricsPage } from './metrics-page.ts'
import type { Live } from './page/live.ts'
import type { WebAccess } from './web/index.ts'

/** An answer takes milliseconds; whoever has not taken it by then is cut off. */
const farewellSeconds = 1
/** Of the time that a scraper waits: the rest is for the way. */
const usableShare = 0.9

const directory = `/            the status page, live
/metrics     Prometheus metrics
/status      the same snapshot as JSON, with reasons
/guidance    what the utilisation says to do, as JSON
/-/healthy   200 while the process runs
/-/ready     200 once every source has been tried, 503 before
`

export interface ServerOptions {
  readonly metrics: MetricsPage
  readonly snapshot: () => Snapshot
  readonly ready: () => boolean
  readonly live: Pick<Live, 'page' | 'watch'>
  readonly clock: Pick<Clock, 'sleep'>
  /** TLS and who may come in; undefined: plain HTTP for whoever reaches the address. */
  readonly web: WebAccess | undefined
}

/** The endpoint. A request renders what is known and never makes a source read. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { snapshot, web } = options
  const tls = web?.tlsOptions
  const server = fastify({
    logger: false,
    bodyLimit: 1024,
    connectionTimeout: 10_000,
    requestTimeout: 10_000,
    // A scraper keeps its connection open; it must not keep us from stopping.
    forceCloseConnections: 'idle',
    frameworkErrors: onBadAddress,
    clientErrorHandler: onMalformed,
    // The types would have every hook and route know whether TLS is on.
    ...((tls && { https: tls }) as object),
  })
  guardMethods(server)
  guardLoad(server)
  web?.guard(server)
  addPage(server, options.live)
  server.get('/metrics', (request, reply) => scrape(options, request, reply))
  server.get('/status', () => snapshot())
  server.get('/guidance', () => {
    const { target, takenAtSeconds, guidance } = snapshot()
    return { schema: 'rerankscope.guidance/1', takenAtSeconds, target, ...guidance }
  })
  server.get('/-/healthy', (_, reply) => say(reply, 200, 'healthy'))
  server.get('/-/ready', (_, reply) =>
    options.ready() ? say(reply, 200, 'ready') : say(reply, 503, 'no reading has been tried yet'),
  )
  server.setNotFoundHandler((_, reply) => say(reply, 404, `There is no such page.\n\n${directory}`))
  server.setErrorHandler((error, _, reply) => onFailure(error, reply))
  return server
}

function addPage(server: FastifyInstance, live: ServerOptions['live']): void {
  server.get('/', (_, reply) => {
    const { html, contentSecurityPolicy } = live.page()
    reply.headers({
      'content-security-policy': contentSecurityPolicy,
      'cache-control': 'no-store',
    })
    return reply.type('text/html; charset=utf-8').send(html)
  })
  server.get(streamPath, { exposeHeadRoute: false }, (_, reply) => {
    const headers = Object.fromEntries(
      Object.entries(reply.getHeaders()).map(([name, value]) => [name, String(value)]),
    )
    if (!live.watch(reply.raw, headers)) {
      return say(reply, 503, 'The page is open in too many places: close it in one of them.')
    }
    return reply.hijack()
  })
}

async function scrape(
  { metrics, clock }: ServerOptions,
  { headers }: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const answering = metrics.answer(headers)
  const patience = Number(headers['x-prometheus-scrape-timeout-seconds'])
  // An answer after the scraper has gone would be work for nobody.
  if (patience > 0 && !(await within(clock, patience * usableShare, answering))) {
    return say(reply, 503, 'The metrics were not rendered in the time that the scraper waits.')
  }
  const { contentType, encoding, body } = await answering
  if (encoding !== undefined) reply.header('content-encoding', encoding)
  return reply.header('vary', 'Accept, Accept-Encoding').type(contentType).send(body)
}

/** Answers what was accepted; a caller who asks or reads slowly does not hold up the end. */
export async function close(server: FastifyInstance, clock: Pick<Clock, 'sleep'>): Promise<void> {
  const closed = server.close()
  if (!(await within(clock, farewellSeconds, closed))) server.server.closeAllConnections()
  await closed
}
