import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, get as httpsGet } from 'node:https'
import { systemCodeOf } from '../core/errors.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { parsePrometheusText, type PrometheusPage } from './normalise/prometheus-text.ts'

/** A larger page is no metrics page. */
export const maximumPageBytes = 4 * 1024 * 1024

/** Two: the page, and the document that some servers have beside it. */
const limits = { maxSockets: 2, keepAlive: true } as const

/** How a URL was given and what answers there, for sentences. */
const usual = { option: '--target', what: 'the reranker' } as const

/**
 * The reranker that is watched, or another page of metrics. `node:http` and not `fetch`, which brings a
 * second HTTP stack into a process whose memory counts.
 */
export class Target {
  /** Without credentials: for labels, logs and pages. */
  readonly url: string
  readonly #what: string
  readonly #headers: Readonly<Record<string, string>>
  readonly #metrics: { readonly url: URL; readonly headers: Readonly<Record<string, string>> }
  readonly #agents: { readonly 'http:': HttpAgent; readonly 'https:': HttpsAgent }
  #pending: Promise<PrometheusPage> | undefined

  /**
   * `metricsUrl`: where its figures are, when not under `/metrics` of `text`, as with servers that
   * have a port of their own for them. Throws a `UserError` when either is no HTTP URL.
   */
  constructor(
    text: string,
    metricsUrl?: string,
    { option, what }: { readonly option: string; readonly what: string } = usual,
  ) {
    const { url, headers } = parseTargetUrl(text, option)
    this.url = url
    this.#what = what
    this.#headers = headers
    const metrics = metricsUrl === undefined ? undefined : parseTargetUrl(metricsUrl, '--metrics')
    this.#metrics = {
      url: new URL(metrics?.url ?? `${url}/metrics`),
      headers: metrics?.headers ?? headers,
    }
    this.#agents = { 'http:': new HttpAgent(limits), 'https:': new HttpsAgent(limits) }
  }

  /**
   * The target's metrics page. Sources that ask at the same time share one request, so that two of
   * them neither cost the target twice nor see two moments. Rejects with a sentence.
   */
  page(signal: AbortSignal): Promise<PrometheusPage> {
    const { url, headers } = this.#metrics
    this.#pending ??= this.#fetch(url, { accept: 'text/plain;version=0.0.4', ...headers }, signal)
      .then(parsePrometheusText)
      .finally(() => {
        this.#pending = undefined
      })
    return this.#pending
  }

  /** The JSON document at `path` of the target. Rejects with a sentence. */
  async document(path: string, signal: AbortSignal): Promise<unknown> {
    const url = new URL(`${this.url}${path}`)
    const text = await this.#fetch(url, { accept: 'application/json', ...this.#headers }, signal)
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new Error(`${url.href} is no JSON.`, { cause: error })
    }
  }

  close(): void {
    this.#agents['http:'].destroy()
    this.#agents['https:'].destroy()
  }

  async #fetch(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<string> {
    let response: IncomingMessage
    try {
      response = await this.#request(url, headers, signal)
    } catch (error) {
      throw new Error(this.#sentence(url, error, signal), { cause: error })
    }
    if (response.statusCode !== 200) {
      response.destroy()
      throw new Error(
        `${url.href} answered ${String(response.statusCode)}, not 200: is it ${this.#what}?`,
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
      throw new Error(this.#sentence(url, error, signal), { cause: error })
    }
    if (bytes > maximumPageBytes) {
      throw new Error(
        `${url.href} sent more than ${String(maximumPageBytes)} bytes: that is no metrics page.`,
      )
    }
    return Buffer.concat(chunks).toString('utf8')
  }

  #request(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const [get, agent] =
      url.protocol === 'https:'
        ? ([httpsGet, this.#agents['https:']] as const)
        : ([httpGet, this.#agents['http:']] as const)
    return new Promise((resolve, reject) => {
      get(url, { agent, headers, signal }, resolve).once('error', reject)
    })
  }

  #sentence({ href: where }: URL, error: unknown, signal: AbortSignal): string {
    if (signal.aborted) return `${where} did not answer in time.`
    const code = systemCodeOf(error) ?? 'unknown'
    switch (code) {
      case 'ECONNREFUSED':
        return `${where} refused the connection: is ${this.#what} running?`
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return `the host of ${where} cannot be found: check the URL.`
      case 'ECONNRESET':
      case 'EPIPE':
        return `${where} broke the connection before its answer was complete.`
      default:
        return `${where} cannot be read (${code}).`
    }
  }
}
