import type { FastifyInstance, FastifyReply } from 'fastify'
import { prometheusContentType } from '../../core/exposition.ts'
import { dialects, type WireMessage } from '../../core/dialects/index.ts'
import { unhealthy, type ServerInfo } from '../../core/rerank.ts'
import { docsPage } from './docs-page.ts'
import { refuseOtherMethods } from './methods.ts'
import { checkModel } from './models.ts'
import { openApiOf } from './openapi.ts'

export interface ReadState {
  readonly info: () => ServerInfo
  readonly ready: () => boolean
  /** Names of the model that a path may give; none: any. */
  readonly servedNames: readonly string[]
  /** The exposition's text. */
  readonly metrics: () => Promise<string>
}

type Answer = (reply: FastifyReply) => FastifyReply | Promise<FastifyReply>

/** What answers GET, by path: our own, then each dialect's that no earlier one has taken. */
export function readRoutes(app: FastifyInstance, state: ReadState): void {
  const rerankPaths = new Set(dialects.flatMap(({ paths }) => paths))
  const found = answers(state)
  const document = openApiOf(state.info().version ?? '', [...found.keys()])
  found.set('/openapi.json', (reply) => reply.send(document))
  found.set('/docs', (reply) => reply.type('text/html; charset=utf-8').send(docsPage(document)))
  for (const [path, answer] of found) {
    app.get(path, ({ params }, reply) => {
      checkModel((params as { readonly model?: string }).model, state.servedNames)
      return answer(reply)
    })
    // Where POST reranks, that route refuses the rest.
    if (rerankPaths.has(path)) continue
    refuseOtherMethods(app, path, ['GET', 'HEAD'])
  }
}

function answers({ info, ready, metrics }: ReadState): Map<string, Answer> {
  const found = new Map<string, Answer>([
    ['/health', (reply) => health(reply, ready())],
    // Alive is whoever answers; whether the model can is the other question.
    ['/health/live', (reply) => health(reply, true)],
    ['/health/ready', (reply) => health(reply, ready())],
    ['/metrics', async (reply) => reply.type(prometheusContentType).send(await metrics())],
  ])
  for (const { info: route, reads = [] } of dialects) {
    if (route !== undefined && !found.has(route.path)) {
      found.set(route.path, (reply) => reply.type('application/json').send(route.encode(info())))
    }
    for (const read of reads) {
      if (found.has(read.path)) continue
      found.set(read.path, (reply) => send(reply, read.answer({ info: info(), ready: ready() })))
    }
  }
  return found
}

function health(reply: FastifyReply, holds: boolean): FastifyReply {
  if (holds) return reply.send()
  throw unhealthy()
}

export function send(reply: FastifyReply, { status, headers, body }: WireMessage): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
