import { environmentError, messageOf, systemCodeOf } from '../core/errors.ts'
import type { TargetUrl } from '../core/target-url.ts'

/** A JSON API that somebody else runs. */
export interface Service {
  /** For sentences: `Grafana`, `Prometheus`. */
  readonly name: string
  readonly server: TargetUrl
  /** To be sent to this server alone: they hold the credential. */
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutSeconds: number
}

export interface Answer {
  readonly status: number
  readonly value: unknown
}

export interface Question {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Sent as JSON. */
  readonly body?: unknown
  /** Sent as a form. */
  readonly form?: URLSearchParams
  readonly signal?: AbortSignal | undefined
  /** An answer that is no JSON, or a redirect, has the value undefined; otherwise it is an error. */
  readonly anyForm?: boolean
}

/** More than any answer that makes sense here; what sends more would fill our memory. */
const maximumBytes = 32 * 1024 * 1024

/**
 * Asks, and reads the answer whatever its status is. Rejects with a `UserError` (environment) when
 * there is none, when it is too large, a redirect, or no JSON; no sentence holds the credential.
 */
export async function ask(service: Service, path: string, question: Question): Promise<Answer> {
  const { name, server } = service
  const { status, text, location } = await send(service, path, question)
  const isRedirect = status >= 300 && status < 400
  if (isRedirect && question.anyForm === true) return { status, value: undefined }
  if (isRedirect) {
    throw environmentError(
      `${name} at ${server.url} answers ${path} with a redirect${location}: give the address that it leads to, or log in by a token.`,
    )
  }
  if (text === undefined) {
    throw environmentError(
      `${name} at ${server.url} answers ${path} with more than ${String(maximumBytes / 1024 / 1024)} MiB: ask for a shorter time.`,
    )
  }
  try {
    return { status, value: text === '' ? undefined : JSON.parse(text) }
  } catch {
    if (question.anyForm === true) return { status, value: undefined }
    const what = /^\s*</.test(text) ? 'an HTML page' : 'no JSON'
    throw environmentError(
      `${name} at ${server.url} answers ${path} with ${what} (status ${String(status)}): is this its address, and does a login page or a proxy stand before it?`,
    )
  }
}

async function send(
  { name, server, headers, timeoutSeconds }: Service,
  path: string,
  { method = 'GET', body, form, signal }: Question,
) {
  const timeout = AbortSignal.timeout(timeoutSeconds * 1000)
  try {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...headers,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(form !== undefined && { body: form }),
      // A redirect would take the credential elsewhere.
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    const location = response.headers.get('location')
    return {
      status: response.status,
      location: location === null ? '' : ` to ${withoutQuery(location, server.url)}`,
      text: await boundedText(response),
    }
  } catch (error) {
    if (timeout.aborted) {
      throw environmentError(
        `${name} at ${server.url} did not answer ${path} within ${String(timeoutSeconds)} s.`,
      )
    }
    if (signal?.aborted === true) throw interrupted()
    throw environmentError(
      `${name} at ${server.url} cannot be reached: ${systemCodeOf(error) ?? messageOf(error)}.`,
    )
  }
}

/** A signal came: not a fault, but not done either. */
export const interrupted = () => environmentError('Interrupted before it was done.')

/** A login page carries what it was asked for, and at times a secret, in its query. */
function withoutQuery(location: string, base: string): string {
  if (!URL.canParse(location, base)) return 'nowhere'
  const { origin, pathname } = new URL(location, base)
  return origin + pathname
}

/** Undefined when it is too long. */
async function boundedText(response: Response): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += piece.length
    // Leaving the loop closes the connection.
    if (bytes > maximumBytes) return undefined
    pieces.push(piece)
  }
  return Buffer.concat(pieces).toString('utf8')
}
