import { createWriteStream, openSync, type WriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { messageOf, systemCodeOf, usageError } from '../../core/errors.ts'
import { encodeTraceHeader, encodeTraceRequest } from '../../core/trace.ts'
import type { Shape } from './figures.ts'

/** A disk that is slower than the traffic loses lines, not memory. */
const maximumWaitingBytes = 8 * 1024 * 1024

/**
 * Writes what passes as a trace (`core/trace.ts`). Whatever becomes of the file, traffic goes on:
 * lines that could not be written are counted, and said once.
 */
export class Recorder {
  readonly #stream: WriteStream
  readonly #texts: boolean
  readonly #startSeconds: number
  readonly #maximumBytes: number
  readonly #onTrouble: (sentence: string) => void
  #bytes = 0
  #lost = 0
  #said = false

  /** Throws a `UserError` when the file is there already or cannot be made. */
  constructor(options: {
    readonly file: string
    readonly texts: boolean
    /** The file grows no larger. */
    readonly maximumBytes: number
    readonly startSeconds: number
    readonly startedAt: string
    readonly version: string
    readonly onTrouble: (sentence: string) => void
  }) {
    const { file, texts, startedAt, version } = options
    this.#texts = texts
    this.#startSeconds = options.startSeconds
    this.#maximumBytes = options.maximumBytes
    this.#onTrouble = options.onTrouble
    // Texts of users may be in it: for nobody else's eyes.
    this.#stream = createWriteStream(file, { fd: opened(file) })
    this.#stream.on('error', (error) => {
      this.#say(`--record ${file} cannot be written: ${messageOf(error)}`)
    })
    this.#write(encodeTraceHeader({ startedAt, texts, recorder: `rerankscope ${version}` }))
  }

  get texts(): boolean {
    return this.#texts
  }

  /** Requests that are not in the file. */
  get lost(): number {
    return this.#lost
  }

  add(shape: Shape, startSeconds: number): void {
    // A request that was under way when recording began, or one without documents, is no line.
    const offsetSeconds = Math.max(0, startSeconds - this.#startSeconds)
    if (shape.documents < 1 || !this.#write(encodeTraceRequest({ offsetSeconds, ...shape }))) {
      this.#lost += 1
    }
  }

  async close(): Promise<void> {
    this.#stream.end()
    await finished(this.#stream).catch(() => undefined)
  }

  #write(line: string): boolean {
    const bytes = Buffer.byteLength(line) + 1
    if (this.#stream.destroyed || this.#stream.writableLength > maximumWaitingBytes) return false
    if (this.#bytes + bytes > this.#maximumBytes) {
      this.#say(
        `--record has written its ${String(this.#maximumBytes)} bytes and records no more: raise --record-mib.`,
      )
      return false
    }
    this.#bytes += bytes
    this.#stream.write(`${line}\n`)
    return true
  }

  #say(sentence: string): void {
    if (this.#said) return
    this.#said = true
    this.#onTrouble(sentence)
  }
}

function opened(file: string): number {
  try {
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    throw usageError(
      systemCodeOf(error) === 'EEXIST'
        ? `--record ${file} is there already: choose another file, so that no recording is lost.`
        : `--record ${file} cannot be made (${systemCodeOf(error) ?? messageOf(error)}): choose a file in a folder that you may write to.`,
      { cause: error },
    )
  }
}
