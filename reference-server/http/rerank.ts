import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Clock } from '../../core/clock.ts'
import type { Dialect, WireMessage } from '../../core/dialects/index.ts'
import { messageOf } from '../../core/errors.ts'
import { RerankFailure } from '../../core/rerank.ts'
import { AbandonedError } from '../batch/scheduler.ts'
import type { Metering } from '../metering.ts'
import type { Reranker } from '../reranker.ts'
import { failureOf } from './failures.ts'

export interface RerankHandler {
  readonly reranker: Pick<Reranker, 'rerank'>
  readonly maximumDocuments: number
  readonly metering: Metering
  readonly clock: Pick<Clock, 'monotonicSeconds'>
  readonly log: (line: string) => void
}

/** Mounts one dialect: its path answers POST, and every failure in the dialect's own words. */
export function rerankRoute(app: FastifyInstance, dialect: Dialect, handler: RerankHandler): void {
  const arrivals = new WeakMap<FastifyRequest, number>()
  void app.register((scope, _options, done) => {
    scope.addHook('onRequest', (request, _reply, next) => {
      arrivals.set(request, handler.clock.monotonicSeconds())
      next()
    })
    scope.setErrorHandler((error, request, reply) => fail(request, reply, dialect, handler, error))
    scope.post(dialect.path, async (request, reply) => {
      const arrival = arrivals.get(request) ?? handler.clock.monotonicSeconds()
      return send(reply, await rerank(request, reply, dialect, handler, arrival))
    })
    scope.route({
      method: ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      url: dialect.path,
      // Before the body is read: what is wrong is the method, whatever the body is.
      onRequest: ({ method }, reply, next) => {
        void reply.header('allow', 'POST')
        next(new RerankFailure('method_not_allowed', `This path answers POST, not ${method}.`))
      },
      handler: (_request, reply) => reply.send(),
    })
    done()
  })
}

async function rerank(
  request: FastifyRequest,
  reply: FastifyReply,
  dialect: Dialect,
  { reranker, maximumDocuments, metering, clock }: RerankHandler,
  arrivalSeconds: number,
): Promise<WireMessage> {
  const asked = dialect.decodeRequest(request.body)
  const count = asked.documents.length
  if (count > maximumDocuments) {
    throw new RerankFailure(
      'too_many_documents',
      `batch size ${String(count)} > maximum allowed batch size ${String(maximumDocuments)}`,
    )
  }
  metering.requestAccepted()
  try {
    const { result, phases } = await reranker.rerank(asked, { signal: hangUpSignal(reply) })
    const totalSeconds = clock.monotonicSeconds() - arrivalSeconds
    metering.requestSucceeded(totalSeconds)
    return dialect.encodeResult(asked, result, { ...phases, totalSeconds })
  } finally {
    metering.requestLeft()
  }
}

/** Aborts when the connection closes before the answer is out, after which nobody wants it. */
function hangUpSignal({ raw }: FastifyReply): AbortSignal {
  const controller = new AbortController()
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort()
  })
  return controller.signal
}

function fail(
  { raw }: FastifyRequest,
  reply: FastifyReply,
  dialect: Dialect,
  { metering, log }: RerankHandler,
  error: unknown,
): FastifyReply {
  // Whoever hangs up before his body is whole breaks its stream; that is no failure of ours.
  const abandoned = error instanceof AbandonedError || error === raw.errored
  const failure = failureOf(error)
  metering.requestFailed(abandoned ? 'abandoned' : failure.kind)
  if (!abandoned && !(error instanceof RerankFailure) && failure.kind === 'backend') {
    log(`A request failed: ${messageOf(error)}`)
  }
  return send(reply, dialect.encodeFailure(failure))
}

export function send(reply: FastifyReply, { status, headers, body }: WireMessage): FastifyReply {
  return reply.code(status).headers(headers).send(body)
}
