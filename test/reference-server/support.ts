import { systemClock } from '../../core/clock.ts'
import {
  startServer,
  type RunningServer,
  type ServerOptions,
} from '../../reference-server/index.ts'

export const serverDefaults: ServerOptions = {
  model: 'embedded',
  device: 'cpu',
  dtype: 'float32',
  host: '127.0.0.1',
  port: 0,

  maximumPairs: 4096,
  maximumDocuments: 1000,
  maximumBodyBytes: 20 * 1024 * 1024,
  cacheBytes: 1024 * 1024,
  drainSeconds: 10,
  version: '0.0.0-test',
}

/** A server on a free port, its own lines collected. */
export async function testServer(
  options: Partial<ServerOptions> = {},
): Promise<RunningServer & { readonly lines: readonly string[] }> {
  const lines: string[] = []
  const log = (line: string) => lines.push(line)
  const server = await startServer({ ...serverDefaults, ...options }, { clock: systemClock, log })
  return { ...server, lines }
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export function rerank(server: { readonly url: string }, body: unknown): Promise<Answer> {
  return ask(`${server.url}/rerank`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

export async function metricValue(
  server: { readonly url: string },
  series: string,
): Promise<number> {
  const { text } = await ask(`${server.url}/metrics`)
  const line = text.split('\n').find((one) => one.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1))
}

/** A document of about `characters` Chinese characters, different for each `seed`. */
export function chineseText(characters: number, seed: number): string {
  return Array.from({ length: characters }, (_, at) =>
    String.fromCharCode(0x4e00 + ((at * 131 + seed * 977 + ((at * seed) % 89)) % 5000)),
  ).join('')
}
