import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import Negotiator from 'negotiator'
import { prometheusContentType } from '../../core/exposition.ts'
import { openMetricsContentType, toOpenMetrics } from '../../core/openmetrics.ts'
import { Expectation } from './expectation.ts'

const compress = promisify(gzip)

/** By what a scraper's `Accept` names it; the first is for whoever does not say. */
const formats = {
  'text/plain;version=0.0.4': { contentType: prometheusContentType, from: (text: string) => text },
  'application/openmetrics-text;version=1.0.0': {
    contentType: openMetricsContentType,
    from: toOpenMetrics,
  },
} as const
type Format = keyof typeof formats
const encodings = ['gzip', 'identity'] as const
type Encoding = (typeof encodings)[number]

interface Answer {
  readonly contentType: string
  /** Undefined: not compressed. */
  readonly encoding: 'gzip' | undefined
  readonly body: Buffer
}

/**
 * `/metrics` in the format and the encoding that a scraper asks for. What is rendered once for a
 * picture is kept until there is a new one, so that ten scrapers cost as much as one.
 */
export class MetricsPage {
  readonly #render: () => Promise<string>
  readonly #picture: () => object
  readonly #expectation = new Expectation()
  readonly #nowSeconds: () => number
  /** What was asked for last. */
  #asked: readonly [Format, Encoding] = ['text/plain;version=0.0.4', 'identity']
  #rendered: { readonly of: object; readonly parts: Map<string, Promise<unknown>> } | undefined

  constructor(options: {
    /** The text format; rejects when what is known cannot be rendered. */
    readonly render: () => Promise<string>
    /** What would be rendered now: another object as soon as that is something else. */
    readonly picture: () => object
    /** Monotonic. */
    readonly nowSeconds: () => number
  }) {
    this.#render = options.render
    this.#picture = options.picture
    this.#nowSeconds = options.nowSeconds
  }

  async answer(headers: {
    readonly accept?: string | undefined
    readonly 'accept-encoding'?: string | undefined
  }): Promise<Answer> {
    this.#expectation.came(this.#nowSeconds())
    this.#asked = [formatOf(headers), encodingOf(headers)]
    return this.#answer(...this.#asked)
  }

  /**
   * After a reading: renders ahead what the next scrape will ask for, if one is expected within
   * `nextSeconds`, when the next reading is. It then only copies bytes. Never rejects: what cannot be
   * rendered is told to who asks.
   */
  async prepare(nextSeconds: number): Promise<void> {
    if (!this.#expectation.within(nextSeconds, this.#nowSeconds())) return
    await this.#answer(...this.#asked).catch(() => undefined)
  }

  async #answer(format: Format, encoding: Encoding): Promise<Answer> {
    return {
      contentType: formats[format].contentType,
      encoding: encoding === 'identity' ? undefined : encoding,
      body: await this.#body(format, encoding),
    }
  }

  async #body(format: Format, encoding: Encoding): Promise<Buffer> {
    const text = () => this.#once('text', this.#render)
    const plain = () =>
      this.#once(format, async () => Buffer.from(formats[format].from(await text())))
    return encoding === 'identity'
      ? plain()
      : this.#once(`${format} ${encoding}`, async () => compress(await plain()))
  }

  /** Whoever asks while it is being made waits for the same; what failed is made anew. */
  #once<T>(part: string, make: () => Promise<T>): Promise<T> {
    const picture = this.#picture()
    if (this.#rendered?.of !== picture) this.#rendered = { of: picture, parts: new Map() }
    const { parts } = this.#rendered
    const before = parts.get(part)
    // A part has one name and one type: the text a string, the rest buffers.
    if (before !== undefined) return before as Promise<T>
    const made = make()
    parts.set(part, made)
    made.catch(() => parts.delete(part))
    return made
  }
}

function formatOf({ accept }: { readonly accept?: string | undefined }): Format {
  // Names here need no escaping and are UTF-8 whatever is asked; a range with them would match nothing.
  const asked = accept?.replaceAll(/;\s*(escaping|charset)=[^;,]*/gi, '')
  const found = new Negotiator({ headers: { accept: asked } }).mediaType(Object.keys(formats))
  return (found as Format | undefined) ?? 'text/plain;version=0.0.4'
}

function encodingOf(headers: { readonly 'accept-encoding'?: string | undefined }): Encoding {
  const found = new Negotiator({ headers }).encoding([...encodings])
  return found === 'gzip' ? found : 'identity'
}
