import { dialectNamed, dialects, type Dialect } from '../core/dialects/index.ts'
import { environmentError, messageOf, systemCodeOf, usageError } from '../core/errors.ts'
import type { ServerInfo } from '../core/rerank.ts'
import type { Endpoint } from './engines/index.ts'

const infoTimeoutSeconds = 10

/** A reranker as the user names it. */
export interface Target {
  /** For people and files: without credentials. */
  readonly url: string
  readonly origin: string
  /** `''` or `/prefix`. */
  readonly prefix: string
  /** Holds the credential of the URL, if any. */
  readonly headers: Readonly<Record<string, string>>
}

/** @throws UserError (usage) when `text` is not an http or https URL. */
export function parseTarget(text: string, option: string): Target {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw usageError(`${option} must be a URL such as http://127.0.0.1:8080.`)
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw usageError(`${option} must start with http:// or https://, not ${url.protocol}//.`)
  }
  const prefix = url.pathname.replace(/\/+$/, '')
  const credential = [url.username, url.password].map(decodeURIComponent).join(':')
  return {
    url: url.origin + prefix,
    origin: url.origin,
    prefix,
    headers:
      credential === ':'
        ? {}
        : { authorization: `Basic ${Buffer.from(credential).toString('base64')}` },
  }
}

export interface Preflight {
  readonly dialect: Dialect
  /** Undefined where the target says nothing of itself. */
  readonly info: ServerInfo | undefined
  readonly endpoint: Endpoint
}

/**
 * Asks the target what it is before anything is sent: which dialect, and whether it takes requests
 * of `documents` documents.
 *
 * @throws UserError (environment) when it does not answer, speaks no known dialect, or takes fewer
 * documents.
 */
export async function preflight(
  target: Target,
  dialectName: string,
  documents: number,
): Promise<Preflight> {
  const named = dialectName === 'auto' ? undefined : dialectNamed(dialectName)
  if (dialectName !== 'auto' && named === undefined) {
    throw usageError(
      `There is no dialect ${dialectName}; choose from auto, ${dialects.map(({ name }) => name).join(', ')}.`,
    )
  }
  const found = await identify(target, named === undefined ? dialects : [named])
  const dialect = found?.dialect ?? named
  if (dialect === undefined) {
    throw environmentError(
      `${target.url} answers, but not as a server of a known dialect (${dialects.map(({ title }) => title).join(', ')}); name one with --dialect if it is one.`,
    )
  }
  const maximum = found?.info.maximumDocuments
  if (maximum !== undefined && maximum < documents) {
    throw environmentError(
      `${target.url} takes at most ${String(maximum)} documents a request, and this profile sends ${String(documents)}; raise the server's limit (its maximum client batch size) or choose a smaller profile.`,
    )
  }
  return {
    dialect,
    info: found?.info,
    endpoint: {
      origin: target.origin,
      path: target.prefix + dialect.path,
      headers: target.headers,
    },
  }
}

async function identify(
  target: Target,
  candidates: readonly Dialect[],
): Promise<{ readonly dialect: Dialect; readonly info: ServerInfo } | undefined> {
  for (const dialect of candidates) {
    // A dialect without /info cannot be recognised, but the target must answer all the same.
    const body = await get(target, dialect.info?.path ?? '/')
    if (dialect.info === undefined || body === undefined) continue
    try {
      return { dialect, info: dialect.info.decode(body) }
    } catch {
      // Not this dialect's: the next one may know it.
    }
  }
  return undefined
}

/** The body of a 2xx answer; undefined for any other answer. */
async function get(target: Target, path: string): Promise<string | undefined> {
  try {
    const response = await fetch(target.url + path, {
      headers: target.headers,
      signal: AbortSignal.timeout(infoTimeoutSeconds * 1000),
    })
    const body = await response.text()
    return response.ok ? body : undefined
  } catch (error) {
    throw environmentError(
      `${target.url} does not answer (${systemCodeOf(error) ?? messageOf(error)}); check the address and that the reranker runs.`,
      { cause: error },
    )
  }
}
