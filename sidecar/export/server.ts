import fastify, { type FastifyInstance } from 'fastify'
import { within, type Clock } from '../../core/clock.ts'
import { environmentError, messageOf, systemCodeOf } from '../../core/errors.ts'
import { prometheusContentType, type PrometheusRenderer } from '../../core/exposition.ts'
import type { Snapshot } from '../../core/snapshot.ts'

/** An answer takes milliseconds; whoever has not taken it by then is cut off. */
const farewellSeconds = 1

const landing = `rerankscope sidecar

/metrics     Prometheus metrics
/status      the same snapshot as JSON, with reasons
/-/healthy   200 while the process runs
/-/ready     200 once every source has been tried, 503 before
`

/** The endpoint. A request renders what is known and never makes a source read. */
export function createServer(options: {
  readonly renderer: PrometheusRenderer
  readonly snapshot: () => Snapshot
  readonly ready: () => boolean
}): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: 1024,
    connectionTimeout: 10_000,
    requestTimeout: 10_000,
    // A scraper keeps its connection open; it must not keep us from stopping.
    forceCloseConnections: 'idle',
  })
  // Before its body is read: that a POST is malformed or too large is not what is wrong with it.
  server.addHook('onRequest', async ({ method }, reply) => {
    if (method === 'GET' || method === 'HEAD') return
    await reply
      .code(405)
      .headers({ allow: 'GET, HEAD', connection: 'close' })
      .type('text/plain; charset=utf-8')
      .send('Only GET and HEAD.\n')
  })
  server.get('/', (_, reply) => reply.type('text/plain; charset=utf-8').send(landing))
  server.get('/metrics', async (_, reply) => {
    const text = await options.renderer.render()
    return reply.type(prometheusContentType).send(text)
  })
  server.get('/status', () => options.snapshot())
  server.get('/-/healthy', (_, reply) => reply.type('text/plain').send('healthy\n'))
  server.get('/-/ready', (_, reply) =>
    options.ready()
      ? reply.type('text/plain').send('ready\n')
      : reply.code(503).type('text/plain').send('no reading has been tried yet\n'),
  )
  server.setNotFoundHandler((_, reply) =>
    reply.code(404).type('text/plain; charset=utf-8').send(`There is no such page.\n\n${landing}`),
  )
  server.setErrorHandler((error, _, reply) => {
    const status =
      error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number'
        ? error.statusCode
        : 500
    return reply
      .code(status)
      .type('text/plain; charset=utf-8')
      .send(`${messageOf(error)}\n`)
  })
  return server
}

/** Answers what was accepted; a caller who asks or reads slowly does not hold up the end. */
export async function close(server: FastifyInstance, clock: Pick<Clock, 'sleep'>): Promise<void> {
  const closed = server.close()
  if (!(await within(clock, farewellSeconds, closed))) server.server.closeAllConnections()
  await closed
}

/** The URL it listens on. Rejects with a `UserError` when the address cannot be had. */
export async function listen(
  server: FastifyInstance,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await server.listen({ host, port })
  } catch (error) {
    const where = `${host}:${String(port)}`
    const advice = 'choose another with --listen HOST:PORT'
    switch (systemCodeOf(error) ?? 'unknown') {
      case 'EADDRINUSE':
        throw environmentError(`${where} is in use: stop what holds it, or ${advice}.`)
      case 'EACCES':
        throw environmentError(`${where} needs more rights than this process has: ${advice}.`)
      case 'EADDRNOTAVAIL':
      case 'EAFNOSUPPORT':
      case 'EINVAL':
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        throw environmentError(`${host} is no address of this machine: ${advice}.`)
      default:
        throw error
    }
  }
}
