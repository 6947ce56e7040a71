import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import type { Clock } from '../../core/clock.ts'
import { environmentError, messageOf, systemCodeOf, UserError } from '../../core/errors.ts'
import type { Board } from '../index.ts'
import { renderPage, renewalOf } from './page/index.ts'
import { pictureOf, type BoardPicture } from './picture.ts'
import type { Prometheus } from './prometheus.ts'
import type { Choice } from './variables.ts'
import { timeWindow } from './window.ts'

export interface PreviewOptions {
  readonly boards: readonly Board[]
  readonly prometheus: Prometheus
  readonly clock: Pick<Clock, 'wallSeconds'>
  /** What is shown unless the page asks for another time. */
  readonly minutes: number
  readonly scrapeSeconds: number
}

const minuteChoices = [15, 60, 180, 720, 1440]
export const maximumMinutes = 7 * 1440
const refreshSeconds = 15
/** Pictures that are being made; each asks a Prometheus some sixty queries. */
const maximumInFlight = 4

/**
 * The preview's pages. Who reaches the address can ask what the boards ask, and nothing else: a query
 * comes from a board's JSON, never from a request.
 */
export function createPreview(options: PreviewOptions): FastifyInstance {
  const { boards } = options
  const server = fastify({
    logger: false,
    bodyLimit: 1024,
    requestTimeout: 10_000,
    forceCloseConnections: true,
  })
  server.addHook('onRequest', (_, reply, done) => {
    reply.headers({
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    })
    done()
  })
  const look = lookOf(options)
  server.get('/', (_, reply) => reply.redirect(boards[0]?.name ?? 'none'))
  server.get('/:board', async (request, reply) => {
    const { picture, minutes } = await look(request)
    const { html, contentSecurityPolicy } = renderPage(picture, {
      ...{ boards, minutes, minuteChoices, refreshSeconds },
    })
    reply.header('content-security-policy', contentSecurityPolicy)
    return reply.type('text/html; charset=utf-8').send(html)
  })
  server.get('/picture/:board', async (request) => renewalOf((await look(request)).picture))
  server.setNotFoundHandler((_, reply) => say(reply, 404, 'There is no such page.'))
  server.setErrorHandler((error, _, reply) => {
    if (error instanceof Refusal) return say(reply, error.status, error.message)
    return say(reply, error instanceof UserError ? 502 : 500, messageOf(error))
  })
  return server
}

class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

function lookOf({ boards, prometheus, clock, minutes: usual, scrapeSeconds }: PreviewOptions) {
  let inFlight = 0
  return async (
    request: FastifyRequest,
  ): Promise<{ readonly picture: BoardPicture; readonly minutes: number }> => {
    const { board: name } = request.params as { readonly board: string }
    const board = boards.find((each) => each.name === name)
    if (board === undefined) throw new Refusal(404, `There is no board ${name}.`)
    const query = request.query as Readonly<Record<string, string | readonly string[] | undefined>>
    const minutes = query['minutes'] === undefined ? usual : Number(query['minutes'])
    if (!(minutes >= 1 && minutes <= maximumMinutes)) {
      throw new Refusal(400, `minutes must be from 1 to ${String(maximumMinutes)}.`)
    }
    if (inFlight >= maximumInFlight) {
      throw new Refusal(503, `${String(maximumInFlight)} boards are being drawn: try again.`)
    }
    inFlight += 1
    try {
      const now = clock.wallSeconds()
      const window = timeWindow(now - minutes * 60, now, scrapeSeconds)
      const picture = await pictureOf(board, { prometheus, window, choice: choiceOf(query) })
      return { picture, minutes }
    } finally {
      inFlight -= 1
    }
  }
}

/** `var-instance=a`, once or several times; an empty one is "All". As Grafana's own addresses. */
function choiceOf(query: Readonly<Record<string, string | readonly string[] | undefined>>): Choice {
  return Object.fromEntries(
    Object.entries(query).flatMap(([key, value]) => {
      const name = /^var-(\w+)$/.exec(key)?.[1]
      const values = [value].flat().filter((each) => each !== undefined && each !== '')
      return name === undefined ? [] : [[name, values as string[]]]
    }),
  )
}

function say(reply: FastifyReply, status: number, sentence: string): FastifyReply {
  return reply.code(status).type('text/plain; charset=utf-8').send(`${sentence}\n`)
}

/** The URL it listens on. Rejects with a `UserError` when the address cannot be had. */
export async function listen(
  server: FastifyInstance,
  address: { readonly host: string; readonly port: number },
): Promise<string> {
  try {
    return await server.listen(address)
  } catch (error) {
    const code = systemCodeOf(error)
    if (code === undefined) throw error
    throw environmentError(
      `${address.host}:${String(address.port)} cannot be listened on (${code}): stop what holds it, or choose another with --listen HOST:PORT.`,
    )
  }
}
