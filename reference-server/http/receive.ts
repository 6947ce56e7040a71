import type { IncomingMessage } from 'node:http'
import { RerankFailure } from '../../core/rerank.ts'

/**
 * Takes bodies in. What arrives lies in memory before anybody can say whether there is room for what
 * it asks, so all bodies on their way have one bound together, beside the one of each.
 */
export class BodyReceiver {
  readonly #maximumBytes: number
  readonly #maximumTogetherBytes: number
  #togetherBytes = 0

  constructor(options: {
    /** Of one body. */
    readonly maximumBytes: number
    /** Of all that are arriving, at least one whole body. */
    readonly maximumTogetherBytes: number
  }) {
    this.#maximumBytes = options.maximumBytes
    this.#maximumTogetherBytes = Math.max(options.maximumBytes, options.maximumTogetherBytes)
  }

  /** Rejects with a `too_large` or an `overloaded` failure, or as the message's stream breaks. */
  async receive(message: IncomingMessage): Promise<Buffer> {
    if (Number(message.headers['content-length'] ?? 0) > this.#maximumBytes) throw tooLarge()
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      // The connection is still needed to say what was wrong.
      for await (const item of message.iterator({ destroyOnReturn: false })) {
        const chunk = item as Buffer
        if (bytes + chunk.length > this.#maximumBytes) throw tooLarge()
        if (this.#togetherBytes + chunk.length > this.#maximumTogetherBytes) throw overloaded()
        chunks.push(chunk)
        bytes += chunk.length
        this.#togetherBytes += chunk.length
      }
      return Buffer.concat(chunks)
    } finally {
      this.#togetherBytes -= bytes
      // What still comes of a body that was refused is let go by.
      message.resume()
    }
  }
}

const tooLarge = () =>
  new RerankFailure('too_large', 'The body is larger than this server accepts: send less.')

const overloaded = () =>
  new RerankFailure('overloaded', 'Model is overloaded', { retryAfterSeconds: 1 })
