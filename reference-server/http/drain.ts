import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { within, type Clock } from '../../core/clock.ts'
import { unhealthy } from '../../core/rerank.ts'

/** Time for the last answers to leave after they were written; silent connections are then cut. */
const farewellSeconds = 0.5

/**
 * Lets a server end: what was accepted is answered, but only for so long, and nobody's kept-alive
 * connection holds it up. Must be installed before the routes and with `return503OnClosing: false`,
 * so that who comes too late is refused in the words of his dialect.
 */
export function drainable(
  app: FastifyInstance,
): (clock: Pick<Clock, 'sleep'>, drainSeconds: number) => Promise<void> {
  /** Requests under way on each open connection. */
  const open = new Map<Socket, number>()
  let allAnswered: (() => void) | undefined
  const settle = () => {
    if ([...open.values()].every((count) => count === 0)) allAnswered?.()
  }
  app.addHook('onRequest', ({ raw: { socket } }, reply, done) => {
    if (allAnswered !== undefined) {
      done(unhealthy())
      return
    }
    // A pipelined request whose turn did not come hears nothing when its caller hangs up.
    if (!open.has(socket)) {
      socket.once('close', () => {
        open.delete(socket)
        settle()
      })
    }
    open.set(socket, (open.get(socket) ?? 0) + 1)
    // Not `onResponse`: a caller who hangs up never gets one.
    reply.raw.once('close', () => {
      const count = open.get(socket)
      if (count === undefined) return
      open.set(socket, count - 1)
      settle()
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
    settle()
    await within(clock, drainSeconds, answered)
    await within(clock, farewellSeconds, closed)
    app.server.closeAllConnections()
    await closed
  }
}
