import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'

export const commit = '0123456789abcdef0123456789abcdef01234567'

/** What storage does instead of answering rightly: one entry a request, then it is honest. */
export type Misdeed = (request: IncomingMessage, response: ServerResponse, content: Buffer) => void

export interface Seen {
  readonly host: 'hub' | 'storage'
  readonly path: string
  readonly range: string | undefined
  readonly authorization: string | undefined
}

export interface FakeHub {
  readonly url: string
  readonly seen: Seen[]
  /** By file path; taken from the front. */
  readonly misdeeds: Map<string, Misdeed[]>
  /** Answers every request to the hub with this status. */
  status: number | undefined
  close(): void
}

/**
 * A hub on loopback as Hugging Face's documents describe it: model info, a tree, `resolve` that sends
 * large files to storage on another host. Ask it for what you like; it says what it was asked.
 */
export async function fakeHub(
  name: string,
  files: ReadonlyMap<string, Buffer>,
  {
    token,
    tamper,
  }: { readonly token?: string; readonly tamper?: (tree: object[]) => object[] } = {},
): Promise<FakeHub> {
  const seen: Seen[] = []
  const misdeeds = new Map<string, Misdeed[]>()
  const note = (host: Seen['host'], { url = '', headers }: IncomingMessage) => {
    const { range, authorization } = headers
    seen.push({ host, path: decodeURIComponent(url.split('?')[0]!), range, authorization })
  }
  const storage = await listening((request, response) => {
    note('storage', request)
    const path = decodeURIComponent(request.url!.slice(1))
    serve(path, request, response)
  })
  const serve = (path: string, request: IncomingMessage, response: ServerResponse) => {
    const content = files.get(path)
    if (content === undefined) {
      answer(response, 404, '')
      return
    }
    const misdeed = misdeeds.get(path)?.shift()
    if (misdeed !== undefined) {
      misdeed(request, response, content)
      return
    }
    honest(request, response, content)
  }
  const hub: FakeHub = {
    ...{ url: '', seen, misdeeds, status: undefined },
    close() {
      for (const one of [storage, front]) {
        one.server.closeAllConnections()
        one.server.close()
      }
    },
  }
  const front = await listening((request, response) => {
    note('hub', request)
    if (hub.status !== undefined) {
      answer(response, hub.status, '{"error":"no"}')
      return
    }
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      answer(response, 401, '{"error":"Invalid username or password."}')
      return
    }
    const path = decodeURIComponent(request.url!.split('?')[0]!)
    if (path.startsWith(`/api/models/${name}/revision/`)) {
      const revision = path.split('/').at(-1)!
      if (!['main', 'v1', commit].includes(revision)) {
        answer(response, 404, '{"error":"no"}')
        return
      }
      answer(response, 200, JSON.stringify({ _id: '1', id: name, sha: commit }))
      return
    }
    if (path === `/api/models/${name}/tree/${commit}`) {
      const tree = [...files].map(([file, content]) => entry(file, content))
      answer(response, 200, JSON.stringify(tamper?.(tree) ?? tree))
      return
    }
    const prefix = `/${name}/resolve/${commit}/`
    if (!path.startsWith(prefix)) {
      answer(response, 404, '{"error":"Repository not found"}')
      return
    }
    const file = path.slice(prefix.length)
    if (isLarge(file)) {
      response.writeHead(302, { location: `${storage.url}/${encodeURIComponent(file)}` }).end()
    } else serve(file, request, response)
  })
  return Object.assign(hub, { url: front.url })
}

const isLarge = (file: string) => /\.(safetensors|onnx)|_data$/.test(file)

function entry(path: string, content: Buffer): object {
  const size = content.length
  const git = createHash('sha1')
    .update(`blob ${String(size)}\0`)
    .update(content)
    .digest('hex')
  if (!isLarge(path)) return { type: 'file', path, size, oid: git }
  const sha256 = createHash('sha256').update(content).digest('hex')
  return {
    type: 'file',
    path,
    size,
    oid: 'f'.repeat(40),
    lfs: { oid: sha256, size, pointerSize: 1 },
  }
}

function honest(request: IncomingMessage, response: ServerResponse, content: Buffer): void {
  const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0)
  if (start === 0) {
    response.writeHead(200, { 'content-length': content.length }).end(content)
    return
  }
  const rest = content.subarray(start)
  response
    .writeHead(206, {
      'content-length': rest.length,
      'content-range': `bytes ${String(start)}-${String(content.length - 1)}/${String(content.length)}`,
    })
    .end(rest)
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(body)
}

async function listening(listener: RequestListener) {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}` }
}
