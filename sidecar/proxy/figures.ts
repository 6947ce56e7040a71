import { dialectFor, type Dialect } from '../../core/dialects/index.ts'
import { Histogram } from '../../core/histogram.ts'
import { metrics } from '../../core/metrics.ts'
import type { RerankRequest } from '../../core/rerank.ts'
import type { ServingSample } from '../../core/snapshot.ts'
import type { TraceRequest } from '../../core/trace.ts'
import type { Exchange, Message } from './exchange.ts'

/** Upper ends of the ranges of documents whose durations are kept apart. */
const shapeEnds = [10, 20, 50, 100, 1000] as const
const aboveShapes = `${String(shapeEnds.at(-1))}_up`

function shapeOf(documents: number): string {
  const at = shapeEnds.findIndex((end) => documents <= end)
  const end = shapeEnds[at]
  if (end === undefined) return aboveShapes
  return `${String((shapeEnds[at - 1] ?? 0) + 1)}_${String(end)}`
}

/** What a request asked, as far as it could be read. */
export type Shape = Omit<TraceRequest, 'offsetSeconds' | 'group'>

/**
 * The meaning of exchanges, added up since the proxy started. Pure: times come with the exchange.
 * What cannot be read is counted as a request all the same, and as unread.
 */
export class ProxyFigures {
  #requests = 0
  #queries = 0
  #pairs = 0
  #tokens: number | undefined
  #unread = 0
  readonly #errors = new Map<string, number>()
  readonly #duration = new Histogram(metrics.requestDuration.bounds ?? [])
  readonly #documents = new Histogram(metrics.documentsPerQuery.bounds ?? [])
  readonly #shapes = new Map<string, Histogram>()

  /** Requests whose body could not be read: their queries and pairs are in no figure. */
  get unread(): number {
    return this.#unread
  }

  /** What was asked, with texts when `texts`; undefined when it could not be read. */
  add(exchange: Exchange, texts = false): Shape | undefined {
    this.#requests += 1
    const failure = failureOf(exchange)
    if (failure !== undefined) this.#errors.set(failure, (this.#errors.get(failure) ?? 0) + 1)
    const asked = askedIn(exchange)
    this.#queries += asked?.requests.length ?? 1
    if (asked === undefined) {
      // A body that the target refuses too is no traffic that was missed.
      if (failure !== 'client_error') this.#unread += 1
      return undefined
    }
    const tokens = failure === undefined ? tokensIn(asked.dialect, exchange) : undefined
    if (failure === undefined) this.#succeeded(exchange, asked.requests, tokens)
    return shapeIn(asked.requests, tokens, texts)
  }

  sample(inFlightRequests: number): ServingSample {
    return {
      server: 'proxy',
      requests: this.#requests,
      queries: this.#queries,
      errors: Object.fromEntries(this.#errors),
      pairs: this.#pairs,
      tokens: this.#tokens,
      requestDuration: this.#duration.value(),
      shapes: Object.fromEntries([...this.#shapes].map(([name, shape]) => [name, shape.value()])),
      documentsPerQuery: this.#documents.value(),
      inFlightRequests,
    }
  }

  #succeeded(
    { startSeconds, endSeconds }: Exchange,
    requests: readonly RerankRequest[],
    tokens: number | undefined,
  ): void {
    const durationSeconds = endSeconds - startSeconds
    this.#duration.observe(durationSeconds)
    let pairs = 0
    for (const { documents } of requests) {
      pairs += documents.length
      this.#documents.observe(documents.length)
    }
    this.#pairs += pairs
    if (tokens !== undefined) this.#tokens = (this.#tokens ?? 0) + tokens
    const name = shapeOf(pairs)
    const shape = this.#shapes.get(name) ?? new Histogram(metrics.shapeDuration.bounds ?? [])
    this.#shapes.set(name, shape)
    shape.observe(durationSeconds)
  }
}

/** The class of what went wrong, in the words of `reranker_errors_total`; undefined: nothing. */
function failureOf({ response, brokenBy }: Exchange): string | undefined {
  if (brokenBy === 'unreachable') return 'unreachable'
  if (brokenBy === 'client') return 'abandoned'
  if (brokenBy === 'target' || response === undefined) return 'broken'
  const { status } = response
  if (status < 400) return undefined
  if (status === 429) return 'overloaded'
  if (status === 503) return 'unhealthy'
  return status < 500 ? 'client_error' : 'server_error'
}

function askedIn({
  path,
  request,
}: Exchange):
  { readonly dialect: Dialect; readonly requests: readonly RerankRequest[] } | undefined {
  const body = jsonIn(request)
  if (body === undefined) return undefined
  const dialect = dialectFor(path, body)?.dialect
  try {
    const requests = dialect?.decodeRequests(body)
    return dialect === undefined || requests === undefined ? undefined : { dialect, requests }
  } catch {
    return undefined
  }
}

function jsonIn({ headers, body }: Message): unknown {
  const encoding = headers['content-encoding']
  if (body === undefined || (encoding !== undefined && encoding !== 'identity')) return undefined
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
}

/** Over all pairs, where the answer says it. */
function tokensIn(dialect: Dialect, { response }: Exchange): number | undefined {
  if (response?.body === undefined || !dialect.capabilities.usage) return undefined
  try {
    const body = response.body.toString('utf8')
    return dialect.decodeResult({ status: response.status, headers: response.headers, body }).usage
      ?.tokens
  } catch {
    return undefined
  }
}

function shapeIn(
  requests: readonly RerankRequest[],
  tokens: number | undefined,
  texts: boolean,
): Shape {
  const [first] = requests
  return {
    queries: requests.length,
    documents: requests.reduce((total, { documents }) => total + documents.length, 0),
    queryCharacters: requests.reduce((total, { query }) => total + query.length, 0),
    documentCharacters: requests.flatMap(({ documents }) => documents.map(({ length }) => length)),
    ...(tokens !== undefined && { tokens }),
    ...(texts &&
      first !== undefined &&
      requests.length === 1 && { texts: { query: first.query, documents: first.documents } }),
  }
}
