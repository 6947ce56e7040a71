import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { present } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import { dialectFor, dialects, type Dialect, type WireMessage } from '../../core/dialects/index.ts'
import { messageOf } from '../../core/errors.ts'
import { RerankFailure } from '../../core/rerank.ts'
import { AbandonedError } from '../batch/scheduler.ts'
import type { Metering } from '../metering.ts'
import type { Reranker } from '../reranker.ts'
import { failureOf } from './failures.ts'
import type { KeyCheck } from './keys.ts'
import { refuseOtherMethods } from './methods.ts'
import { checkModel } from './models.ts'
import { send } from './reads.ts'
import { termsOf } from './terms.ts'

export interface RerankHandler {
  readonly reranker: Pick<Reranker, 'rerank'>
  /** The name that answers give. */
  readonly model: string
  /** Names of models that a request may give; none: any. */
  readonly servedNames: readonly string[]
  readonly maximumDocuments: number
  /** Names of dialects: whose a request is that several could have written. */
  readonly preferredDialects: readonly string[]
  readonly checkKey: KeyCheck
  readonly metering: Metering
  readonly clock: Pick<Clock, 'monotonicSeconds' | 'wallSeconds'>
  readonly log: (line: string) => void
}

/** Every path of every dialect answers POST, and every failure in the words of the caller's dialect. */
export function rerankRoutes(app: FastifyInstance, handler: RerankHandler): void {
  const arrivals = new WeakMap<FastifyRequest, number>()
  void app.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, next) => {
      arrivals.set(request, handler.clock.monotonicSeconds())
      next()
    })
    scope.setErrorHandler((error, request, reply) => fail(request, reply, handler, error))
    const readable = new Set(dialects.flatMap(({ reads = [] }) => reads.map(({ path }) => path)))
    for (const url of new Set(dialects.flatMap(({ paths }) => paths))) {
      // Before the body is read: who may not ask costs nothing.
      const onRequest = (request: FastifyRequest, _reply: FastifyReply, next: () => void) => {
        handler.checkKey(dialectOf(request, handler).credentials.decode(request.headers))
        next()
      }
      scope.post(url, { onRequest }, async (request, reply) => {
        const arrival = arrivals.get(request) ?? handler.clock.monotonicSeconds()
        return send(reply, await answer(request, reply, handler, arrival))
      })
      const read = readable.has(url) ? (['GET', 'HEAD'] as const) : []
      refuseOtherMethods(scope, url, [...read, 'POST'])
    }
    done()
  })
}

/** The caller's own word on whose format he speaks, where path and body leave that open. */
const dialectHeader = 'x-rerank-dialect'

/** By the route's pattern: fastify has already undone what escapes a path may hold. */
function dialectOf(
  { routeOptions, body, headers }: FastifyRequest,
  { preferredDialects }: RerankHandler,
): Dialect {
  const said = headers[dialectHeader]
  const preferred = typeof said === 'string' ? [said, ...preferredDialects] : preferredDialects
  const found = dialectFor(routeOptions.url ?? '', body, preferred)
  return present(found, 'A rerank route belongs to no dialect.').dialect
}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  handler: RerankHandler,
  arrivalSeconds: number,
): Promise<WireMessage> {
  const { reranker, maximumDocuments, servedNames, metering, clock, model } = handler
  const dialect = dialectOf(request, handler)
  const { model: named } = request.params as { readonly model?: string }
  const asked = dialect
    .decodeRequests(request.body)
    .map((one) => (named === undefined ? one : { ...one, model: named }))
  for (const one of asked) checkModel(one.model, servedNames)
  const count = asked.reduce((sum, { documents }) => sum + documents.length, 0)
  if (count > maximumDocuments) {
    throw new RerankFailure(
      'too_many_documents',
      `batch size ${String(count)} > maximum allowed batch size ${String(maximumDocuments)}`,
    )
  }
  metering.requestAccepted()
  try {
    const elapsedSeconds = clock.monotonicSeconds() - arrivalSeconds
    const terms = termsOf(request.headers, hangUp(reply), elapsedSeconds)
    const { results, phases } = await reranker.rerank(asked, terms)
    const totalSeconds = clock.monotonicSeconds() - arrivalSeconds
    metering.requestSucceeded(totalSeconds)
    return dialect.encodeResults(asked, results, {
      phases: { ...phases, totalSeconds },
      id: randomUUID(),
      wallSeconds: clock.wallSeconds(),
      model,
    })
  } finally {
    metering.requestLeft()
  }
}

/** Aborts when the connection closes before the answer is out, after which nobody wants it. */
function hangUp({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

function fail(
  request: FastifyRequest,
  reply: FastifyReply,
  handler: RerankHandler,
  error: unknown,
): FastifyReply {
  const { metering, log } = handler
  // Whoever hangs up before his body is whole breaks its stream; that is no failure of ours.
  const abandoned = error instanceof AbandonedError || error === request.raw.errored
  const failure = failureOf(error)
  metering.requestFailed(abandoned ? 'abandoned' : failure.kind)
  if (!abandoned && !(error instanceof RerankFailure) && failure.kind === 'backend') {
    log(`A request failed: ${messageOf(error)}`)
  }
  return sendFailure(reply, dialectOf(request, handler), failure)
}

/** A failure in the dialect's words, and when to come again in a header that every client knows. */
export function sendFailure(
  reply: FastifyReply,
  dialect: Dialect,
  failure: RerankFailure,
): FastifyReply {
  const { retryAfterSeconds } = failure
  if (failure.kind === 'unauthorized') void reply.header('www-authenticate', 'Bearer')
  if (retryAfterSeconds !== undefined) {
    void reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterSeconds))))
  }
  return send(reply, dialect.encodeFailure(failure, randomUUID()))
}
