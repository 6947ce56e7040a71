import fastify, { type FastifyInstance } from 'fastify'
import { environmentError, messageOf, systemCodeOf } from '../../core/errors.ts'
import { prometheusContentType, type PrometheusRenderer } from '../../core/exposition.ts'
import type { Snapshot } from '../../core/snapshot.ts'

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
  server.setNotFoundHandler((request, reply) => {
    void reply.type('text/plain; charset=utf-8')
    return request.method === 'GET' || request.method === 'HEAD'
      ? reply.code(404).send(`There is no such page.\n\n${landing}`)
      : reply.code(405).header('allow', 'GET, HEAD').send('Only GET and HEAD.\n')
  })
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
      case 'ENOTFOUND':
        throw environmentError(`${host} is no address of this machine: ${advice}.`)
      default:
        throw error
    }
  }
}
