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
import type { Endpoint } from './engines/index.ts'
import { getText } from './get-text.ts'
import type { BatchForm } from './plan/profile.ts'

const infoTimeoutSeconds = 10

export interface Preflight {
  readonly dialect: Dialect
  /** Undefined where the target says nothing of itself. */
  readonly info: ServerInfo | undefined
  readonly endpoint: Endpoint
}

export interface PreflightOptions {
  /** `auto` or a name. */
  readonly dialect: string
  /** The most that a request will have, as far as known. */
  readonly documents: number
  readonly batchForm: BatchForm
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
  { dialect: dialectName, documents, batchForm }: PreflightOptions,
  signal: AbortSignal,
): Promise<Preflight> {
  const named = dialectName === 'auto' ? undefined : dialectNamed(dialectName)
  if (dialectName !== 'auto' && named === undefined) {
    throw usageError(
      `There is no dialect ${dialectName}; choose from auto, ${dialects.map(({ name }) => name).join(', ')}.`,
    )
  }
  const found = await identify(target, named === undefined ? dialects : [named], signal)
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
  return {
    dialect,
    info: found?.info,
    endpoint: {
      origin: target.origin,
      path: target.prefix + pathOf(dialect, found?.info.model),
      headers: target.headers,
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

async function identify(
  target: TargetUrl,
  candidates: readonly Dialect[],
  signal: AbortSignal,
): Promise<{ readonly dialect: Dialect; readonly info: ServerInfo } | undefined> {
  for (const dialect of candidates) {
    // A dialect without /info cannot be recognised, but the target must answer all the same.
    const body = await get(target, dialect.info?.path ?? '/', signal)
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
  stop: AbortSignal,
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.any([stop, AbortSignal.timeout(infoTimeoutSeconds * 1000)])
    const { status, text } = await getText(target.url + path, { headers: target.headers, signal })
    return status >= 200 && status < 300 ? text : undefined
  } catch (error) {
    if (stop.aborted) {
      throw new UserError(
        exitCodes.invalidRun,
        'Interrupted before anything was sent; there is no run.',
        { cause: error },
      )
    }
    throw environmentError(
      `${target.url} does not answer (${systemCodeOf(error) ?? messageOf(error)}); check the address and that the reranker runs.`,
      { cause: error },
    )
  }
}
