import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { messageOf, UserError } from '../../core/errors.ts'
import { valueOf } from '../../sidecar/normalise/prometheus-text.ts'
import { maximumPageBytes, Target } from '../../sidecar/target.ts'

const opened: (Server | Target)[] = []
afterEach(() => {
  for (const each of opened.splice(0)) {
    if ('closeAllConnections' in each) each.closeAllConnections()
    each.close()
  }
})

async function targetOf(listener: RequestListener, userinfo = ''): Promise<Target> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const target = new Target(
    `http://${userinfo}127.0.0.1:${String((server.address() as AddressInfo).port)}/`,
  )
  opened.push(server, target)
  return target
}

const signal = () => new AbortController().signal

test('reads the page under /metrics', async () => {
  const target = await targetOf((request, response) => {
    response.end(request.url === '/metrics' ? 'a 5\n' : '')
  })
  expect(valueOf(await target.page(signal()), 'a')).toBe(5)
})

test('those who ask at the same time share one request; the next one is a new one', async () => {
  let requests = 0
  const target = await targetOf((_, response) => {
    requests += 1
    response.end(`a ${String(requests)}\n`)
  })
  const pages = await Promise.all([target.page(signal()), target.page(signal())])
  expect(pages.map((page) => valueOf(page, 'a'))).toEqual([1, 1])
  expect(valueOf(await target.page(signal()), 'a')).toBe(2)
})

test('a path in the URL is kept', () => {
  const target = new Target('https://host/reranker/?x=1#y')
  opened.push(target)
  expect(target.url).toBe('https://host/reranker')
})

test('credentials are sent and shown nowhere', async () => {
  let authorization: string | undefined
  const target = await targetOf((request, response) => {
    authorization = request.headers.authorization
    response.writeHead(403).end()
  }, 'me:s%C3%A4cret@')
  const failure = await target.page(signal()).then(() => '', messageOf)
  expect(authorization).toBe(`Basic ${Buffer.from('me:säcret').toString('base64')}`)
  expect(`${target.url} ${failure}`).not.toMatch(/cret|me:/)
  expect(failure).toContain('answered 403, not 200')
})

test.each(['', 'nonsense', 'ftp://host', '//host', 'http://'])('%j is no target', (text) => {
  expect(() => new Target(text)).toThrow(UserError)
})

test('a target that hangs is given up when the signal says so', async () => {
  const target = await targetOf(() => undefined)
  const controller = new AbortController()
  const page = target.page(controller.signal)
  setTimeout(() => {
    controller.abort()
  }, 20)
  await expect(page).rejects.toThrow('did not answer in time')
})

test('a target that hangs inside its answer is given up too', async () => {
  const target = await targetOf((_, response) => {
    response.write('a 1\n')
  })
  const controller = new AbortController()
  const page = target.page(controller.signal)
  setTimeout(() => {
    controller.abort()
  }, 50)
  await expect(page).rejects.toThrow('did not answer in time')
})

test('a target that resets the connection', async () => {
  const target = await targetOf((request) => {
    request.socket.resetAndDestroy()
  })
  await expect(target.page(signal())).rejects.toThrow('broke the connection')
})

test('a target that breaks off inside its answer', async () => {
  const target = await targetOf((request, response) => {
    response
      .writeHead(200, { 'content-length': '1000' })
      .write('a 1\n', () => request.socket.destroy())
  })
  await expect(target.page(signal())).rejects.toThrow('broke the connection')
})

test('100 MB are not read: a few MB in, it is no metrics page', async () => {
  let sent = 0
  const chunk = 'x'.repeat(65_536)
  const target = await targetOf((_, response) => {
    const more = () => {
      while (sent < 100_000_000 && !response.destroyed) {
        sent += chunk.length
        if (!response.write(chunk)) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  })
  await expect(target.page(signal())).rejects.toThrow(`more than ${String(maximumPageBytes)} bytes`)
  expect(sent).toBeLessThan(50_000_000)
})

test('nothing listens there', async () => {
  const target = await targetOf(() => undefined)
  const server = opened[0] as Server
  await new Promise((resolve) => server.close(resolve))
  await expect(target.page(signal())).rejects.toThrow(
    'refused the connection: is the reranker running?',
  )
})

test('something that is no HTTP', async () => {
  const target = await targetOf((request) => {
    request.socket.end('SSH-2.0-x\r\n')
  })
  await expect(target.page(signal())).rejects.toThrow('cannot be read (HPE_')
})
