import { dialectNamed, dialects, pathOf, type Dialect } from '../core/dialects/index.ts'
import {
  environmentError,
  exitCodes,
  messageOf,
  systemCodeOf,
  usageError,
  UserError,
} from '../core/errors.ts'
import type { ServerInfo } from '../core/rerank.ts'
import type { TargetUrl } from '../core/target-url.ts'
import { keyRefused, type Endpoint } from './engines/index.ts'
import { getText } from './get-text.ts'
import type { BatchForm } from './plan/profile.ts'

const infoTimeoutSeconds = 10
/** OpenSSL's reasons and Node's own, as `code` of an error. */
const certificateCodes = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER/

export interface Preflight {
  readonly dialect: Dialect
  /** Undefined where the target says nothing of itself. */
  readonly info: ServerInfo | undefined
  /** For the dialects that name one. */
  readonly model: string | undefined
  readonly endpoint: Endpoint
}

export interface PreflightOptions {
  /** `auto` or a name. */
  readonly dialect: string
  /** The most that a request will have, as far as known. */
  readonly documents: number
  readonly batchForm: BatchForm
  /** Sent as the dialect sends keys. */
  readonly apiKey?: string | undefined
  /** That requests name; what the target says of itself without it. */
  readonly model?: string | undefined
}

/**
 * Asks the target what it is before anything is sent: which dialect, and whether it takes requests
 * of `documents` documents.
 *
 * @throws UserError (environment) when it does not answer, speaks no known dialect, or takes fewer
 * documents; (INVALID) when `signal` aborts.
 */
export async function preflight(
  target: TargetUrl,
  options: PreflightOptions,
  signal: AbortSignal,
): Promise<Preflight> {
  const { dialect: dialectName, documents, batchForm, apiKey } = options
  const named = dialectName === 'auto' ? undefined : dialectNamed(dialectName)
  if (dialectName !== 'auto' && named === undefined) {
    throw usageError(
      `There is no dialect ${dialectName}; choose from auto, ${dialects.map(({ name }) => name).join(', ')}.`,
    )
  }
  if (apiKey !== undefined && target.headers.authorization !== undefined) {
    throw usageError('There is a key and a user in --target: give one of them.')
  }
  const found = await identify(target, named === undefined ? dialects : [named], options, signal)
  const dialect = found?.dialect ?? named
  if (dialect === undefined) {
    throw environmentError(
      `${target.url} answers, but not as a server of a known dialect (${dialects.map(({ title }) => title).join(', ')}); name one with --dialect if it is one.`,
    )
  }
  requireDocuments(target, found?.info, documents)
  if (batchForm === 'flattened' && dialect.batch === undefined) {
    throw usageError(
      `--batch-as flattened needs a dialect that takes several queries in one request, and ${dialect.title} takes one; leave it at burst.`,
    )
  }
  const model = options.model ?? found?.info.model
  return {
    dialect,
    info: found?.info,
    model,
    endpoint: {
      origin: target.origin,
      path: target.prefix + pathOf(dialect, model),
      headers: headersOf(target, dialect, apiKey),
    },
  }
}

/** @throws UserError (environment) when the target says that it takes fewer documents a request. */
export function requireDocuments(
  target: TargetUrl,
  info: ServerInfo | undefined,
  documents: number,
): void {
  const maximum = info?.maximumDocuments
  if (maximum === undefined || maximum >= documents) return
  throw environmentError(
    `${target.url} takes at most ${String(maximum)} documents a request, and this profile sends ${String(documents)}; raise the server's limit (its maximum client batch size) or choose a smaller profile.`,
  )
}

function headersOf(target: TargetUrl, { credentials }: Dialect, apiKey: string | undefined) {
  return apiKey === undefined
    ? target.headers
    : { ...target.headers, ...credentials.encode(apiKey) }
}

async function identify(
  target: TargetUrl,
  candidates: readonly Dialect[],
  { apiKey, model = 'default' }: PreflightOptions,
  signal: AbortSignal,
): Promise<{ readonly dialect: Dialect; readonly info: ServerInfo } | undefined> {
  for (const dialect of candidates) {
    // A dialect without /info cannot be recognised, but the target must answer all the same.
    const path = (dialect.info?.path ?? '/').replace(':model', encodeURIComponent(model))
    const body = await get(target, path, headersOf(target, dialect, apiKey), signal)
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
async function get(
  target: TargetUrl,
  path: string,
  headers: Readonly<Record<string, string>>,
  stop: AbortSignal,
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(infoTimeoutSeconds * 1000)])
    const { status, text } = await getText(target.url + path, { headers, signal })
    if (status === 401) {
      throw keyRefused(target.url, status)
    }
    return status >= 200 && status < 300 ? text : undefined
  } catch (error) {
    if (stop.aborted) {
      throw new UserError(
        exitCodes.invalidRun,
        'Interrupted before anything was sent; there is no run.',
        { cause: error },
      )
    }
    if (error instanceof UserError) throw error
    const code = systemCodeOf(error)
    if (code !== undefined && certificateCodes.test(code)) {
      throw environmentError(
        `${target.url} shows a certificate that cannot be trusted (${code}); name its authority with NODE_EXTRA_CA_CERTS, or correct the certificate.`,
        { cause: error },
      )
    }
    throw environmentError(
      `${target.url} does not answer (${systemCodeOf(error) ?? messageOf(error)}); check the address and that the reranker runs.`,
      { cause: error },
    )
  }
}
