import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { afterEach, expect, test, vi } from 'vitest'
import { policy } from '../../../../core/policy.ts'
import {
  eventOf,
  maximumBacklogBytes,
  maximumViewers,
  Viewers,
} from '../../../../sidecar/export/page/events.ts'
import { Live } from '../../../../sidecar/export/page/live.ts'
import { FakeClock } from '../../fake-clock.ts'
import { snapshotOf } from './support.ts'

const opened: (() => void)[] = []
afterEach(() => {
  for (const end of opened.splice(0)) end()
})

/** A real connection: what a viewer gets, and the response that the server writes to. */
async function viewer() {
  let taken: (response: ServerResponse) => void = () => undefined
  const response = new Promise<ServerResponse>((resolve) => (taken = resolve))
  const server = createServer((_, given) => {
    taken(given)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket: Socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  opened.push(() => {
    socket.destroy()
    server.close()
  })
  let text = ''
  const read = () => socket.on('data', (chunk) => (text += String(chunk)))
  socket.on('error', () => undefined)
  socket.write('GET /events HTTP/1.1\r\nhost: h\r\n\r\n')
  return { response: await response, socket, read, text: () => text }
}

/** The data of the events of one name, as the page gets them. */
function eventsIn(text: string, name: string): unknown[] {
  return [...text.matchAll(new RegExp(`event: ${name}\\ndata: (.*)\\n\\n`, 'g'))].map(
    ([, data = '']) => JSON.parse(data) as unknown,
  )
}

function liveOf(clock: FakeClock, intervalSeconds = 1) {
  return new Live({ clock, snapshot: () => snapshotOf(), intervalSeconds, policy, version: '1' })
}

test('a viewer gets the hour, what is now, and then every beat', async () => {
  const clock = new FakeClock()
  const live = liveOf(clock)
  const stop = new AbortController()
  const running = live.run(stop.signal)
  await clock.advance(6)
  const { response, read, text } = await viewer()
  read()
  expect(live.watch(response, { 'x-content-type-options': 'nosniff' })).toBe(true)
  await clock.advance(2)
  await vi.waitFor(() => {
    expect(eventsIn(text(), 'now')).toHaveLength(3)
  })
  expect(text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text()).toContain('content-type: text/event-stream')
  expect(text()).toContain('x-content-type-options: nosniff')
  expect(eventsIn(text(), 'hour')).toMatchObject([
    {
      seconds: [1_800_000_003, 1_800_000_008],
      lines: [{ figure: 'utilization', values: [0.72, 0.72] }, {}, {}, {}, {}, {}, {}],
    },
  ])
  expect(eventsIn(text(), 'now')[2]).toMatchObject({
    parts: { guidance: expect.stringContaining('Remove a replica.') as string },
    slot: { seconds: [1_800_000_008] },
  })
  stop.abort()
  await running
  await vi.waitFor(() => {
    // The stream is at its end: the last chunk of a chunked answer.
    expect(text()).toMatch(/\r\n0\r\n\r\n$/)
  })
})

test('a slow sidecar beats often enough for the stream not to be taken for dead', async () => {
  const clock = new FakeClock()
  const live = liveOf(clock, 60)
  const stop = new AbortController()
  const running = live.run(stop.signal)
  const { response, read, text } = await viewer()
  read()
  live.watch(response, {})
  await clock.advance(30)
  await vi.waitFor(() => {
    expect(eventsIn(text(), 'now')).toHaveLength(7)
  })
  stop.abort()
  await running
})

test('a viewer that does not read is dropped, one that reads is not', async () => {
  const viewers = new Viewers()
  const [deaf, keen] = [await viewer(), await viewer()]
  keen.read()
  deaf.socket.pause()
  for (const { response } of [deaf, keen]) viewers.add(response, {}, '')
  const event = eventOf('now', 'x'.repeat(maximumBacklogBytes))
  await vi.waitFor(
    () => {
      viewers.send(event)
      expect(viewers.count).toBe(1)
    },
    { timeout: 10_000, interval: 20 },
  )
  expect(deaf.response.destroyed).toBe(true)
  expect(keen.response.destroyed).toBe(false)
})

test('a viewer that leaves makes room; there is room for so many', async () => {
  const viewers = new Viewers()
  const first = await viewer()
  viewers.add(first.response, {}, '')
  for (let at = 1; at < maximumViewers; at += 1) {
    expect(viewers.full).toBe(false)
    viewers.add((await viewer()).response, {}, '')
  }
  expect(viewers.full).toBe(true)
  first.socket.destroy()
  await vi.waitFor(() => {
    expect(viewers.full).toBe(false)
  })
})
