import { Agent, request } from 'node:http'

/** One connection a caller, kept open. */
const agent = new Agent({ keepAlive: true, maxSockets: 256 })

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export function call(url: string, body?: unknown): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      {
        agent,
        method: body === undefined ? 'GET' : 'POST',
        headers: { 'content-type': 'application/json' },
      },
      (response) => {
        let text = ''
        response.setEncoding('utf8')
        response.on('data', (chunk: string) => (text += chunk))
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text })
        })
      },
    )
    asked.on('error', reject)
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

/** Sends the bodies to `/rerank`, so many at a time; throws when one is not answered with 200. */
export async function rerankAll(
  url: string,
  bodies: readonly unknown[],
  concurrency: number,
): Promise<void> {
  const waiting = [...bodies]
  await Promise.all(
    Array.from({ length: Math.min(concurrency, bodies.length) }, async () => {
      for (let body = waiting.pop(); body !== undefined; body = waiting.pop()) {
        const { status, body: text } = await call(`${url}/rerank`, body)
        if (status !== 200) throw new Error(`/rerank answered ${String(status)}: ${text}`)
      }
    }),
  )
}

/** `count` documents of Chinese characters, as many tokens each; lengths uniform from 10 to 230. */
export function mixedDocuments(count: number, seed: number, least = 10, most = 230): string[] {
  return Array.from({ length: count }, (_, at) => {
    const mixed = Math.imul(at + 1 + seed * 7919, 2_654_435_761) >>> 0
    const characters = least + (mixed % (most - least + 1))
    return Array.from({ length: characters }, (_, place) =>
      String.fromCharCode(0x4e00 + ((place * 131 + mixed) % 5000)),
    ).join('')
  })
}
