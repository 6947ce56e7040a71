import type { FastifyInstance } from 'fastify'
import { environmentError, systemCodeOf } from '../../core/errors.ts'

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
