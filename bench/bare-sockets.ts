import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { present } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import { traceparentOf } from '../loadgen/engines/engine.ts'
import { Pacer } from '../loadgen/engines/pacer.ts'
import type { PlanItem } from '../loadgen/plan/plan.ts'
import type { Profile } from '../loadgen/plan/profiles.ts'
import { plannedFor } from '../test/loadgen/replay.ts'

/** Longer than the fixture takes to answer. */
const settleSeconds = 0.3
const leadSeconds = 0.2

/**
 * How late the requests of a plan leave over sockets that are open already, each request one write of
 * bytes that are there, its answer thrown away unread. The instants, the bodies and the server are those
 * of an engine, so what an engine is later by is its own, and the rest is this machine's.
 */
export async function bareSocketLags(
  url: string,
  profile: Profile,
  seconds: number,
): Promise<readonly number[]> {
  const { plan, composer } = plannedFor(profile, seconds)
  const { hostname, port } = new URL(url)
  const sockets = await Promise.all(
    Array.from({ length: profile.queriesPerBatch }, () => opened(hostname, Number(port))),
  )
  const bytesOf = (item: PlanItem) => {
    const body = composer.compose(item)
    const head = [
      'POST /rerank HTTP/1.1',
      `host: ${hostname}:${port}`,
      'content-type: application/json',
      `traceparent: ${traceparentOf('ab'.repeat(8), item)}`,
      `content-length: ${String(body.length)}`,
    ]
    return Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body])
  }
  const lags: number[] = []
  const write = (requests: readonly Buffer[], instant: number) => {
    for (const [at, request] of requests.entries()) {
      const socket = present(sockets[at], 'There is a socket for each request of a batch.')
      lags.push(systemClock.monotonicSeconds() - instant)
      socket.write(request)
    }
  }
  for (const group of plan.warmUp) {
    write(group.map(bytesOf), 0)
    await systemClock.sleep(settleSeconds)
  }
  lags.length = 0

  const batches = Array.from({ length: plan.batches }, (_, batch) =>
    plan.items.filter((item) => item.batch === batch),
  )
  const start = systemClock.monotonicSeconds() + leadSeconds
  const instants = batches.map((batch) => start + (batch[0]?.intendedSeconds ?? 0))
  const pacer = new Pacer(systemClock)
  let ready: readonly Buffer[] = []
  await pacer.rehearse(start)
  await pacer.pace(instants, new AbortController().signal, {
    prepare: async (at) => {
      ready = present(batches[at], 'There is such a batch.').map(bytesOf)
      await pacer.breathe()
    },
    fire: (at) => {
      write(ready, instants[at] ?? Number.NaN)
    },
  })
  await systemClock.sleep(settleSeconds)
  for (const socket of sockets) socket.destroy()
  return lags
}

async function opened(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port, noDelay: true })
  await once(socket, 'connect')
  return socket.resume()
}
