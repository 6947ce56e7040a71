import { createReadStream } from 'node:fs'
import { messageOf, usageError, type UserError } from '../core/errors.ts'

/** Longer than any passage; a file without line ends must not fill our memory. */
const maximumLineBytes = 16 * 1024 * 1024
const newline = 0x0a

/** What is wrong with a file that the user named: where, and what was expected. Quotes no text. */
export function inputError(
  file: string,
  line: number | undefined,
  message: string,
  cause?: unknown,
): UserError {
  const where = line === undefined ? file : `${file}, line ${String(line)}`
  return usageError(`${where}: ${message.replace(/\.?$/, '.')}`, { cause })
}

/**
 * Calls `onLine` for each line of a file, one after another, with its bytes (valid during the call
 * only, line end and byte order mark taken off) and its number from 1. Reads no further when it
 * returns false. Memory is bounded by the longest line.
 *
 * @throws UserError (usage) when the file cannot be read or a line is absurdly long; what `onLine` throws.
 */
export async function forEachLine(
  path: string,
  onLine: (bytes: Buffer, line: number) => unknown,
): Promise<void> {
  let rest: readonly Buffer[] = []
  let restBytes = 0
  let line = 0
  const give = (bytes: Buffer): boolean => {
    line += 1
    const from = line === 1 && bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf ? 3 : 0
    const to = bytes.at(-1) === 0x0d ? bytes.length - 1 : bytes.length
    return onLine(bytes.subarray(from, to), line) !== false
  }
  for await (const chunk of chunksOf(path)) {
    let from = 0
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      const piece = chunk.subarray(from, to)
      if (!give(rest.length === 0 ? piece : Buffer.concat([...rest, piece]))) return
      rest = []
      restBytes = 0
      from = to + 1
    }
    if (from === chunk.length) continue
    rest = [...rest, chunk.subarray(from)]
    restBytes += chunk.length - from
    if (restBytes > maximumLineBytes) {
      throw inputError(path, line + 1, 'is longer than 16 MiB; is this the right file?')
    }
  }
  if (rest.length > 0) give(Buffer.concat(rest))
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>
  } catch (error) {
    throw inputError(path, undefined, `cannot be read: ${messageOf(error)}`, error)
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** @throws UserError (usage) naming the place when the bytes are not UTF-8. */
export function textOf(bytes: Buffer, file: string, line: number, field: string): string {
  try {
    return utf8.decode(bytes)
  } catch (error) {
    throw inputError(file, line, `${field} is not UTF-8; convert the file first`, error)
  }
}
