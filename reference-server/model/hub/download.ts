import { createHash, type Hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { within } from '../../../core/clock.ts'
import { hubFetch, StalledError, stallSeconds, type HubAccess } from './access.ts'
import { statusOf, type HubFile } from './listing.ts'

/** Attempts in a row that bring nothing new; one that brings something starts the count anew. */
const mostAttempts = 5
const firstPauseSeconds = 1
const longestPauseSeconds = 30

export interface Download {
  readonly url: URL
  readonly file: HubFile
  readonly directory: string
  readonly access: HubAccess
  /** Told how much of the file is there, after each piece and when it starts anew. */
  readonly onBytes: (bytes: number) => void
}

/** The content is not what the listing says it is, twice. */
export class ChecksumError extends Error {
  override readonly name = 'ChecksumError'
}

class HttpError extends Error {
  readonly statusCode: number
  readonly retryAfterSeconds: number | undefined

  constructor(response: Response) {
    super(`it answers ${String(response.status)}`)
    this.statusCode = response.status
    const seconds = Number(response.headers.get('retry-after') ?? NaN)
    this.retryAfterSeconds = Number.isFinite(seconds) ? seconds : undefined
  }
}

/**
 * Brings one file, continuing what an earlier attempt left; it gets its name when its checksum is
 * right. Rejects when the hub refuses, when nothing new comes any more, and when the signal aborts.
 */
export async function download(options: Download): Promise<void> {
  const { file, directory, onBytes } = options
  const path = join(directory, file.path)
  if (await isWhole(path, file)) {
    onBytes(file.bytes)
    return
  }
  await mkdir(dirname(path), { recursive: true })
  const unfinished = unfinishedOf(path)
  for (const isLast of [false, true]) {
    await fetchAll(unfinished, options)
    if (await isWhole(unfinished, file)) {
      await rename(unfinished, path)
      return
    }
    // What was there before may have been of another revision: once more from the start.
    await rm(unfinished, { force: true })
    if (isLast) throw new ChecksumError(`the checksum of ${file.path} is wrong`)
  }
}

/** What is still to come of files in `directory`, whatever earlier attempts left there. */
export async function bytesToFetch(files: readonly HubFile[], directory: string): Promise<number> {
  const missing = files.map(async ({ path, bytes }) => {
    const whole = join(directory, path)
    const isThere = (await sizeOf(whole)) === bytes
    return isThere ? 0 : Math.max(0, bytes - (await sizeOf(unfinishedOf(whole))))
  })
  return (await Promise.all(missing)).reduce((sum, bytes) => sum + bytes, 0)
}

const unfinishedOf = (path: string) => `${path}.unfinished`

/** Appends to the unfinished file until it is as long as it should be. */
async function fetchAll(unfinished: string, { access, ...options }: Download): Promise<void> {
  let have = await sizeOf(unfinished)
  for (let attempt = 1; have !== options.file.bytes;) {
    const before = have
    let pause: number | undefined
    try {
      await fetchRest(unfinished, before, { ...options, access })
    } catch (error) {
      if (access.signal.aborted || !isWorthAnother(error)) throw error
      if (attempt >= mostAttempts) throw error
      if (error instanceof HttpError) pause = error.retryAfterSeconds
    }
    have = await sizeOf(unfinished)
    attempt = have > before ? 1 : attempt + 1
    if (have > options.file.bytes || attempt > mostAttempts) break
    if (have === options.file.bytes) break
    const backOff = firstPauseSeconds * 2 ** Math.max(0, attempt - 2)
    await access.clock.sleep(Math.min(pause ?? backOff, longestPauseSeconds), access.signal)
    access.signal.throwIfAborted()
  }
}

/** Refusals are final; everything else (broken connections, 429, 5xx) may pass. */
function isWorthAnother(error: unknown): boolean {
  const status = statusOf(error)
  return status === undefined || status === 408 || status === 416 || status === 429 || status >= 500
}

async function fetchRest(
  unfinished: string,
  have: number,
  { url, file, access, onBytes }: Pick<Download, 'url' | 'file' | 'access' | 'onBytes'>,
): Promise<void> {
  const headers = {
    // What is compressed on the way cannot be continued in the middle.
    'accept-encoding': 'identity',
    ...(have > 0 && { range: `bytes=${String(have)}-` }),
  }
  const response = await hubFetch(access)(url, { headers })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    if (response.status === 416) await rm(unfinished, { force: true })
    throw new HttpError(response)
  }
  const from = startOf(response, have)
  const target = await open(unfinished, from === 0 ? 'w' : 'r+')
  try {
    await append(target, from, response.body.getReader(), { file, access, onBytes })
  } finally {
    await target.close()
  }
}

/** Where the body belongs: a server may ignore the range and send everything. */
function startOf(response: Response, have: number): number {
  if (response.status !== 206) return 0
  const start = /^bytes (\d+)-/.exec(response.headers.get('content-range') ?? '')?.[1]
  if (Number(start) !== have)
    throw new Error('it sends another part of the file than was asked for')
  return have
}

async function append(
  target: FileHandle,
  from: number,
  reader: ReadableStreamDefaultReader<Uint8Array>,
  { file, access, onBytes }: Pick<Download, 'file' | 'access' | 'onBytes'>,
): Promise<void> {
  let at = from
  onBytes(at)
  try {
    for (;;) {
      const next = reader.read()
      if (!(await within(access.clock, stallSeconds, next))) {
        throw new StalledError('it stopped in the middle of a file')
      }
      const { done, value } = await next
      if (done) break
      // More than there should be: nothing of it is wanted, whatever comes still.
      const wanted = value.subarray(0, Math.max(0, file.bytes - at))
      for (let written = 0; written < wanted.length;) {
        const { bytesWritten } = await target.write(
          wanted,
          written,
          wanted.length - written,
          at + written,
        )
        written += bytesWritten
      }
      at += wanted.length
      onBytes(at)
      if (wanted.length < value.length) break
    }
    await target.sync()
  } finally {
    reader.cancel().catch(() => undefined)
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  )
}

async function isWhole(path: string, { bytes, checksum }: HubFile): Promise<boolean> {
  const size = await stat(path).then(
    (found) => found.size,
    () => undefined,
  )
  if (size !== bytes) return false
  const hash = hashFor(checksum.kind, bytes)
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex') === checksum.value
}

/** Git names a file by the SHA-1 of its length and content. */
function hashFor(kind: HubFile['checksum']['kind'], bytes: number): Hash {
  if (kind === 'sha256') return createHash('sha256')
  return createHash('sha1').update(`blob ${String(bytes)}\0`)
}
