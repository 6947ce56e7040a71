import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a scoring server does with the `count`-th question it is asked, from 1. */
export interface Manners {
  /** Of one document; default: a number that the text alone decides. */
  readonly scoreOf?: (document: string) => number
  readonly delaySeconds?: (count: number) => number
  readonly status?: (count: number) => number
  /** Stops listening and drops every connection. */
  readonly diesAt?: number
  /** The key that it wants; any without. */
  readonly key?: string
}

/** A reranker of TEI's dialect that behaves, well or badly, as it is told. */
export class ScoringServer {
  readonly url: string
  questions = 0
  readonly #server: Server

  private constructor(server: Server, url: string) {
    this.#server = server
    this.url = url
  }

  static async start(manners: Manners = {}): Promise<ScoringServer> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        void (async () => {
          if (request.method !== 'POST') {
            response.writeHead(404).end()
            return
          }
          own.questions += 1
          const count = own.questions
          if (count === manners.diesAt) {
            own.stop()
            return
          }
          await sleep((manners.delaySeconds?.(count) ?? 0) * 1000)
          const wanted =
            manners.key === undefined || request.headers.authorization === `Bearer ${manners.key}`
          const status = wanted ? (manners.status?.(count) ?? 200) : 401
          const { texts } = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
            texts: string[]
          }
          const scoreOf = manners.scoreOf ?? ((text: string) => 1 / (1 + text.length))
          const ranking = texts
            .map((text, index) => ({ index, score: scoreOf(text) }))
            .sort((a, b) => b.score - a.score)
          response.writeHead(status, { 'content-type': 'application/json' })
          response.end(
            status === 200 ? JSON.stringify(ranking) : '{"error":"no","error_type":"no"}',
          )
        })()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const own = new ScoringServer(server, `http://127.0.0.1:${String(port)}`)
    return own
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}
