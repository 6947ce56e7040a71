import type { FastifyInstance } from 'fastify'
import { within, type Clock } from '../../core/clock.ts'

/** Time for the last answers to leave after they were written; silent connections are then cut. */
const farewellSeconds = 0.5

/**
 * Lets a server end: what was accepted is answered, but only for so long, and nobody's kept-alive
 * connection holds it up. Must be installed before the routes.
 */
export function drainable(
  app: FastifyInstance,
): (clock: Pick<Clock, 'sleep'>, drainSeconds: number) => Promise<void> {
  let open = 0
  let allAnswered: (() => void) | undefined
  app.addHook('onRequest', (_request, reply, done) => {
    open += 1
    // Not `onResponse`: a caller who hangs up never gets one.
    reply.raw.once('close', () => {
      open -= 1
      if (open === 0) allAnswered?.()
    })
    done()
  })
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (allAnswered !== undefined) void reply.header('connection', 'close')
    done()
  })
  return async (clock, drainSeconds) => {
    const answered = new Promise<void>((resolve) => {
      allAnswered = resolve
    })
    const closed = app.close()
    if (open > 0) await within(clock, drainSeconds, answered)
    await within(clock, farewellSeconds, closed)
    app.server.closeAllConnections()
    await closed
  }
}
