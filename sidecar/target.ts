import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, get as httpsGet } from 'node:https'
import { systemCodeOf } from '../core/errors.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { parsePrometheusText, type PrometheusPage } from './normalise/prometheus-text.ts'

/** A larger page is no metrics page. */
export const maximumPageBytes = 4 * 1024 * 1024

const limits = { maxSockets: 1, keepAlive: true } as const

/**
 * The reranker that is watched. `node:http` and not `fetch`, which brings a second HTTP stack into
 * a process whose memory counts.
 */
export class Target {
  /** Without credentials: for labels, logs and pages. */
  readonly url: string
  readonly #metricsUrl: URL
  readonly #headers: Readonly<Record<string, string>>
  readonly #agent: HttpAgent
  #pending: Promise<PrometheusPage> | undefined

  /** Throws a `UserError` when `text` is no HTTP URL. */
  constructor(text: string) {
    const { url, headers } = parseTargetUrl(text, '--target')
    this.url = url
    this.#headers = { accept: 'text/plain;version=0.0.4', ...headers }
    this.#metricsUrl = new URL(`${url}/metrics`)
    this.#agent =
      this.#metricsUrl.protocol === 'https:' ? new HttpsAgent(limits) : new HttpAgent(limits)
  }

  /**
   * The target's metrics page. Sources that ask at the same time share one request, so that two of
   * them neither cost the target twice nor see two moments. Rejects with a sentence.
   */
  page(signal: AbortSignal): Promise<PrometheusPage> {
    this.#pending ??= this.#fetch(signal).finally(() => {
      this.#pending = undefined
    })
    return this.#pending
  }

  close(): void {
    this.#agent.destroy()
  }

  async #fetch(signal: AbortSignal): Promise<PrometheusPage> {
    let response: IncomingMessage
    try {
      response = await this.#request(signal)
    } catch (error) {
      throw new Error(this.#sentence(error, signal), { cause: error })
    }
    if (response.statusCode !== 200) {
      response.destroy()
      throw new Error(
        `${this.#metricsUrl.href} answered ${String(response.statusCode)}, not 200: is it the reranker?`,
      )
    }
    const chunks: Buffer[] = []
    let bytes = 0
    try {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        bytes += chunk.length
        // Leaving the loop destroys the response and its connection.
        if (bytes > maximumPageBytes) break
        chunks.push(chunk)
      }
    } catch (error) {
      throw new Error(this.#sentence(error, signal), { cause: error })
    }
    if (bytes > maximumPageBytes) {
      throw new Error(
        `${this.#metricsUrl.href} sent more than ${String(maximumPageBytes)} bytes: that is no metrics page.`,
      )
    }
    return parsePrometheusText(Buffer.concat(chunks).toString('utf8'))
  }

  #request(signal: AbortSignal): Promise<IncomingMessage> {
    const get = this.#metricsUrl.protocol === 'https:' ? httpsGet : httpGet
    return new Promise((resolve, reject) => {
      get(this.#metricsUrl, { agent: this.#agent, headers: this.#headers, signal }, resolve).once(
        'error',
        reject,
      )
    })
  }

  #sentence(error: unknown, signal: AbortSignal): string {
    const where = this.#metricsUrl.href
    if (signal.aborted) return `${where} did not answer in time.`
    const code = systemCodeOf(error) ?? 'unknown'
    switch (code) {
      case 'ECONNREFUSED':
        return `${where} refused the connection: is the reranker running?`
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `the host of ${where} cannot be found: check --target.`
      case 'ECONNRESET':
      case 'EPIPE':
        return `${where} broke the connection before its answer was complete.`
      default:
        return `${where} cannot be read (${code}).`
    }
  }
}
