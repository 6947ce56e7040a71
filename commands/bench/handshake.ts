import { once } from 'node:events'
import { connect } from 'node:net'
import type { Target } from '../../comparison/index.ts'
import { within, type Clock } from '../../core/clock.ts'

const tries = 5
const limitSeconds = 5

/**
 * How long a new TCP connection takes: one round trip, the least that the network can have in a
 * latency. The median of five; undefined where the target is on this machine, or takes none.
 */
export async function handshakeSecondsOf(
  { outside, serve }: Target,
  url: string,
  clock: Clock,
): Promise<number | undefined> {
  if (serve !== undefined && !outside) return undefined
  const { hostname, port, protocol } = new URL(url)
  const address = {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
  }
  const taken: number[] = []
  for (let count = 0; count < tries; count += 1) {
    const from = clock.monotonicSeconds()
    const socket = connect(address)
    const connected = once(socket, 'connect')
    const ok = await within(clock, limitSeconds, connected).catch(() => false)
    if (ok) taken.push(clock.monotonicSeconds() - from)
    connected.catch(() => undefined)
    socket.destroy()
  }
  return taken.sort((a, b) => a - b)[Math.floor(taken.length / 2)]
}
