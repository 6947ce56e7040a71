import fc from 'fast-check'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, createServer as createTlsServer } from 'node:tls'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { systemClock, within } from '../../../core/clock.ts'
import { startProxy, type Proxy } from '../../../sidecar/proxy/index.ts'

const certificates = join(import.meta.dirname, '../../fixtures/tls')
const opened: { close: () => unknown }[] = []
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close()
})

/** A target that is a script: what it got, and what it does on each connection. */
async function targetOf(onConnection: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  opened.push({
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  })
  return (server.address() as AddressInfo).port
}

async function proxyOf(
  port: number,
  said: string[] = [],
  origin = 'http://127.0.0.1',
): Promise<Proxy> {
  const proxy = await startProxy({
    listen: { host: '127.0.0.1', port: 0 },
    target: `${origin}:${String(port)}`,
    version: '1',
    clock: systemClock,
    onTrouble: (sentence) => said.push(sentence),
  })
  opened.push(proxy)
  return proxy
}

const portOf = ({ url }: Proxy) => Number(new URL(url).port)

async function client(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  opened.push({ close: () => socket.destroy() })
  return socket
}

async function readUntil(socket: Socket, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let length = 0
  while (length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    chunks.push(chunk)
    length += chunk.length
  }
  return Buffer.concat(chunks)
}

const lines = (...all: readonly string[]) => Buffer.from(all.join('\r\n'), 'latin1')
const body = '{"query":"q","texts":["a","b"]}'

/** What a rerank server and its clients may say to each other. */
const conversations: Readonly<Record<string, { request: Buffer; response: Buffer }>> = {
  'odd header case, order and spaces': {
    request: lines(
      'POST /rerank HTTP/1.1',
      'HOST:   x',
      'X-b: 1',
      'x-A: 2',
      'x-a: 3',
      `Content-LENGTH: ${String(body.length)}`,
      '',
      body,
    ),
    response: lines('HTTP/1.1 200 Fine', 'Date: never', 'content-length: 2', '', '[]'),
  },
  'chunks, extensions and trailers both ways': {
    request: lines(
      'POST /rerank HTTP/1.1',
      'host: x',
      'trailer: x-sum',
      'transfer-encoding: chunked',
      '',
      '5;ext=1',
      body.slice(0, 5),
      (body.length - 5).toString(16),
      body.slice(5),
      '0',
      'x-sum: 7',
      '',
      '',
    ),
    response: lines(
      'HTTP/1.1 200 OK',
      'transfer-encoding: chunked',
      '',
      '2',
      '[]',
      '0',
      'x-time: 5',
      '',
      '',
    ),
  },
  'requests sent ahead': {
    request: Buffer.concat(
      [1, 2, 3].map((at) =>
        lines(
          `POST /rerank?n=${String(at)} HTTP/1.1`,
          `content-length: ${String(body.length)}`,
          '',
          body,
        ),
      ),
    ),
    response: Buffer.concat(
      [200, 429, 200].map((status) =>
        lines(`HTTP/1.1 ${String(status)} X`, 'content-length: 2', '', '[]'),
      ),
    ),
  },
  'an interim answer': {
    request: lines('POST /rerank HTTP/1.1', 'expect: 100-continue', 'content-length: 2', '', '{}'),
    response: lines('HTTP/1.1 100 Continue', '', 'HTTP/1.1 422 X', 'content-length: 0', '', ''),
  },
  'another protocol': {
    request: Buffer.from([0x16, 0x03, 0x01, 0, 255, 254, 13, 10, 0]),
    response: Buffer.from([0x15, 3, 3, 0, 2, 2, 40]),
  },
  'an upgrade': {
    request: lines('GET /ws HTTP/1.1', 'connection: upgrade', 'upgrade: websocket', '', 'raw\0'),
    response: lines('HTTP/1.1 101 Switching', 'upgrade: websocket', '', '\u0001\u0002raw'),
  },
}

describe('bytes pass unchanged, however they are cut', () => {
  test.each(Object.entries(conversations))('%s', async (_name, { request, response }) => {
    const got: Buffer[] = []
    const port = await targetOf((socket) => {
      socket.once('end', () => socket.end())
      let length = 0
      socket.on('data', (chunk: Buffer) => {
        got.push(chunk)
        length += chunk.length
        if (length === request.length) socket.write(response)
      })
    })
    const proxy = await proxyOf(port)
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: request.length }), { maxLength: 6 }),
        async (cuts) => {
          got.length = 0
          const socket = await client(portOf(proxy))
          let at = 0
          for (const cut of [...new Set(cuts), request.length].sort((a, b) => a - b)) {
            socket.write(request.subarray(at, cut))
            at = cut
            await new Promise((resolve) => setImmediate(resolve))
          }
          expect(await readUntil(socket, response.length)).toEqual(response)
          expect(Buffer.concat(got)).toEqual(request)
          socket.destroy()
        },
      ),
      { numRuns: 12 },
    )
  })
})

test('a connection is kept for the next request, and a half-closed one is answered', async () => {
  let connections = 0
  const port = await targetOf((socket) => {
    connections += 1
    socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]'))
    socket.on('end', () => socket.end('late'))
  })
  const socket = await client(portOf(await proxyOf(port)))
  for (let request = 0; request < 3; request += 1) {
    socket.write('GET /health HTTP/1.1\r\n\r\n')
    await readUntil(socket, 40)
  }
  socket.end()
  expect((await readUntil(socket, 4)).toString()).toBe('late')
  expect(connections).toBe(1)
})

test('a client that goes is gone for the target too', async () => {
  const gone = vi.fn()
  const port = await targetOf((socket) => {
    socket.resume()
    socket.once('close', gone)
    socket.once('end', () => socket.end())
  })
  const proxy = await proxyOf(port)
  const socket = await client(portOf(proxy))
  socket.write(`POST /rerank HTTP/1.1\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`)
  await vi.waitFor(async () => {
    expect((await sample(proxy)).inFlightRequests).toBe(1)
  })
  socket.resetAndDestroy()
  await vi.waitFor(() => {
    expect(gone).toHaveBeenCalledOnce()
  })
  await vi.waitFor(async () => {
    expect(await sample(proxy)).toMatchObject({
      requests: 1,
      errors: { abandoned: 1 },
      inFlightRequests: 0,
    })
  })
})

test('a target that breaks off inside its answer breaks off for the client: half is not whole', async () => {
  const port = await targetOf((socket) => {
    socket.once('data', () => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n[', () => {
        setTimeout(() => socket.resetAndDestroy(), 20)
      })
    })
  })
  const proxy = await proxyOf(port)
  const socket = await client(portOf(proxy))
  const failed = new Promise<NodeJS.ErrnoException>((resolve) => socket.once('error', resolve))
  socket.resume()
  socket.write(`POST /rerank HTTP/1.1\r\ncontent-length: ${String(body.length)}\r\n\r\n${body}`)
  expect((await failed).code).toBe('ECONNRESET')
  await vi.waitFor(async () => {
    expect((await sample(proxy)).errors).toEqual({ broken: 1 })
  })
})

test('a target that cannot be reached is a 502, said once, and counted', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  const said: string[] = []
  const proxy = await proxyOf(port, said)
  for (let request = 0; request < 2; request += 1) {
    const response = await fetch(`${proxy.url}/rerank`, { method: 'POST', body })
    expect(response.status).toBe(502)
    expect(await response.text()).toContain('cannot be reached')
  }
  expect(said).toEqual([`the proxy cannot reach http://127.0.0.1:${String(port)} (ECONNREFUSED).`])
  await vi.waitFor(async () => {
    expect((await sample(proxy)).errors).toEqual({ unreachable: 2 })
  })
})

test.each([
  ['localhost', ['localhost']],
  ['127.0.0.1', []],
])(
  'a target at https://%s is asked for by name, an address by none; who it is is checked',
  async (host, names) => {
    const pem = (file: string) => readFileSync(join(certificates, file))
    const [cert, key] = [pem('server.pem'), pem('server.key.pem')]
    const asked: string[] = []
    const server = createTlsServer({
      cert,
      key,
      SNICallback: (name, done) => {
        asked.push(name)
        done(null, createSecureContext({ cert, key }))
      },
    }).listen(0)
    server.on('tlsClientError', () => undefined)
    await once(server, 'listening')
    opened.push({ close: () => server.close() })
    const { port } = server.address() as AddressInfo
    const said: string[] = []
    const proxy = await proxyOf(port, said, `https://${host}`)
    expect((await fetch(`${proxy.url}/rerank`, { method: 'POST', body })).status).toBe(502)
    expect(said).toEqual([
      `the proxy cannot reach https://${host}:${String(port)} (UNABLE_TO_VERIFY_LEAF_SIGNATURE).`,
    ])
    expect(asked).toEqual(names)
  },
)

test('a target that does not read holds the client up, not our memory', async () => {
  const held: Socket[] = []
  const port = await targetOf((socket) => held.push(socket.pause()))
  const proxy = await proxyOf(port)
  const socket = await client(portOf(proxy))
  socket.write('POST /rerank HTTP/1.1\r\ncontent-length: 1000000000\r\n\r\n')
  const block = Buffer.alloc(1024 * 1024)
  let sent = 0
  const before = process.memoryUsage().arrayBuffers
  while (sent < 200 && socket.write(block)) sent += 1
  for (; sent < 200; sent += 1) {
    const drained = await Promise.race([
      once(socket, 'drain').then(() => true),
      new Promise<false>((resolve) =>
        setTimeout(() => {
          resolve(false)
        }, 300),
      ),
    ])
    if (!drained) break
    socket.write(block)
  }
  // Socket buffers of the system take some; all 200 MB would have to be held by us.
  expect(sent).toBeLessThan(50)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
  for (const each of held) each.resetAndDestroy()
})

test('a body that is too large to keep passes whole, and is counted as unread', async () => {
  const large = JSON.stringify({ query: 'q', texts: ['x'.repeat(5 * 1024 * 1024)] })
  let bytes = 0
  const port = await targetOf((socket) => {
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (chunk.at(-1) === 0x7d) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]')
    })
  })
  const proxy = await proxyOf(port)
  const response = await fetch(`${proxy.url}/rerank`, { method: 'POST', body: large })
  expect(await response.text()).toBe('[]')
  expect(bytes).toBeGreaterThan(large.length)
  await vi.waitFor(async () => {
    expect(await sample(proxy)).toMatchObject({ requests: 1, pairs: 0, errors: {} })
  })
  expect(proxy.state().unread).toEqual({ request: 1, connection: 0, refused: 0 })
})

test('stopping lets an answer end, and cuts connections that wait for nothing', async () => {
  let answer: () => void = () => undefined
  // It keeps its connection open, as servers do.
  const port = await targetOf((socket) => {
    socket.on('data', () => {
      answer = () => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n[]')
      }
    })
  })
  const proxy = await proxyOf(port)
  const idle = await client(portOf(proxy))
  const idleClosed = once(idle, 'close')
  idle.resume()
  idle.once('end', () => idle.end())
  const busy = fetch(`${proxy.url}/rerank`, { method: 'POST', body })
  await vi.waitFor(async () => {
    expect((await sample(proxy)).inFlightRequests).toBe(1)
  })
  const closed = proxy.close()
  await idleClosed
  answer()
  expect(await (await busy).text()).toBe('[]')
  // Well before the time that an answer may take, and before `fetch` lets go of its connection.
  expect(await within(systemClock, 3, closed)).toBe(true)
})

async function sample({ source }: Proxy) {
  const reader = await source.open(new AbortController().signal)
  return reader.read(new AbortController().signal)
}
