import {
  environmentError,
  messageOf,
  systemCodeOf,
  usageError,
  UserError,
} from '../../../core/errors.ts'
import { hubFetch, type HubAccess } from './access.ts'

/** A file of a model's repository, and how to know that it arrived whole. */
export interface HubFile {
  readonly path: string
  readonly bytes: number
  /** `sha256` of the content for large files, else the id that Git gives it. */
  readonly checksum: { readonly kind: 'sha256' | 'git'; readonly value: string }
}

export interface HubModel {
  readonly name: string
  /** The commit that the revision named when it was asked: every file is taken from it. */
  readonly commit: string
  readonly files: readonly HubFile[]
}

/** Repositories of models have some dozens of files; a listing without end is cut off. */
const mostFiles = 10_000

/** Asks a hub what a revision of a model holds. Throws a `UserError`. */
export async function listModel(
  name: string,
  revision: string,
  access: HubAccess,
): Promise<HubModel> {
  // Loaded when a model is pulled, and only then.
  const { listFiles, modelInfo } = await import('@huggingface/hub')
  const options = { hubUrl: access.endpoint.href.replace(/\/$/, ''), fetch: hubFetch(access) }
  try {
    const { sha } = await modelInfo({ name, revision, additionalFields: ['sha'], ...options })
    if (!/^[0-9a-f]{7,64}$/.test(sha)) throw new Error('it names no commit')
    const files: HubFile[] = []
    const listing = listFiles({
      repo: { type: 'model', name },
      ...{ revision: sha, recursive: true },
      ...options,
    })
    for await (const { type, path, size, oid, lfs } of listing) {
      if (files.length >= mostFiles) throw new Error('its list of files has no end')
      if (type !== 'file' || !isSafe(path)) continue
      const checksum =
        lfs === undefined
          ? ({ kind: 'git', value: oid ?? '' } as const)
          : ({ kind: 'sha256', value: lfs.oid } as const)
      files.push({ path, bytes: lfs?.size ?? size, checksum })
    }
    return { name, commit: sha, files }
  } catch (error) {
    throw hubError(error, name, revision, access)
  }
}

/** A path from the network must not lead out of the folder that it is written to. */
function isSafe(path: string): boolean {
  return path.split('/').every((part) => /^[\w.+ -]+$/.test(part) && !part.startsWith('.'))
}

/** One sentence for what a hub answered or did; no token and no header is in it. */
export function hubError(
  error: unknown,
  name: string,
  revision: string,
  { endpoint, token, signal }: HubAccess,
): Error {
  if (error instanceof UserError || signal.aborted) return error as Error
  const status = statusOf(error)
  const what = revision === 'main' ? name : `${name} at ${revision}`
  if (status === 401 || status === 403) {
    return environmentError(
      token === undefined
        ? `${endpoint.host} does not show ${what} to everyone: check the name, or set HF_TOKEN to a token of an account that may read it.`
        : `${endpoint.host} does not let this HF_TOKEN read ${what}: ask for access on its page, or use another token.`,
    )
  }
  if (status === 404) {
    return usageError(`${endpoint.host} has no model ${what}: check the name and --revision.`)
  }
  const why = status === undefined ? reasonOf(error) : `it answers ${String(status)}`
  return environmentError(
    `${what} cannot be pulled from ${endpoint.host} (${why}): try again later, or name a mirror in HF_ENDPOINT; what is already there is kept.`,
    { cause: error },
  )
}

function reasonOf(error: unknown): string {
  return systemCodeOf(error) ?? messageOf(error)
}

export function statusOf(error: unknown): number | undefined {
  return typeof error === 'object' &&
    error !== null &&
    'statusCode' in error &&
    typeof error.statusCode === 'number'
    ? error.statusCode
    : undefined
}
