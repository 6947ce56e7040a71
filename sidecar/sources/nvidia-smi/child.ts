import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { systemCodeOf } from '../../../core/errors.ts'
import { LineSplitter } from '../../normalise/lines.ts'
import { guarded } from './command.ts'
import { cannotExecute, endingOf, notFound } from './endings.ts'

const maximumNoteLength = 200
const maximumErrorLineLength = 4096

export interface ChildOptions {
  /** The program and, for a wrapper such as ssh, its first arguments. */
  readonly words: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Gets what arrives at once: an undrained pipe would block the program. */
  readonly onStdout: (chunk: string) => void
  readonly onStderrLine?: (line: string) => void
}

/**
 * One run of nvidia-smi, in a process group of its own: a wrapper script's children die with it.
 * Its death is never waited for, because a process that hangs in the driver does not even die of
 * SIGKILL.
 */
export class Child {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #program: string
  /** Resolves when the program has started; rejects with a sentence when it cannot. */
  readonly started: Promise<void>
  /** Resolves with a sentence once the program has ended and said its last word. */
  readonly ended: Promise<{ readonly code: number | null; readonly sentence: string }>
  #note: string | undefined

  constructor(
    { words, environment, onStdout, onStderrLine }: ChildOptions,
    args: readonly string[],
  ) {
    const [program = ''] = words
    this.#program = program
    const [file = '', ...rest] = guarded([...words, ...args])
    // A localised program would print other words and decimal commas.
    const env = { ...environment, LC_ALL: 'C' }
    const child = spawn(file, rest, { detached: true, env, stdio: 'pipe' })
    this.#child = child
    this.started = new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => {
        reject(new Error(this.#cannotStart(error), { cause: error }))
      })
    })
    const errors = new LineSplitter(maximumErrorLineLength)
    const takeErrors = (chunk: string) => {
      for (const line of errors.push(chunk)) {
        this.note(line)
        onStderrLine?.(line)
      }
    }
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        // The last line of a dying program may lack its end.
        takeErrors('\n')
        resolve({ code, sentence: endingOf(program, code, signal, this.#note) })
      })
    })
    // Held open and never written to: the guard waits on it.
    child.stdin.on('error', () => undefined)
    child.stdout.setEncoding('utf8').on('data', onStdout)
    child.stderr.setEncoding('utf8').on('data', takeErrors)
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get alive(): boolean {
    const { pid, exitCode, signalCode } = this.#child
    return pid !== undefined && exitCode === null && signalCode === null
  }

  /** The first thing it said since the last good row that was no row. */
  get said(): string | undefined {
    return this.#note
  }

  /** A good row came: what was said before did not matter. */
  forget(): void {
    this.#note = undefined
  }

  /** Remembers a line that is no row, unless one is: the first words of a dying program tell most. */
  note(line: string): void {
    if (this.#note !== undefined) return
    // eslint-disable-next-line no-control-regex -- control characters must not reach a terminal
    const text = line.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ').trim()
    if (text !== '') this.#note = text.slice(0, maximumNoteLength)
  }

  /** Ends the whole group now. It has nothing to save, and one that hangs ignores SIGTERM. */
  kill(): void {
    const { pid } = this.#child
    if (pid !== undefined) {
      try {
        process.kill(-pid, 'SIGKILL')
      } catch {
        // Gone already.
      }
    }
    this.#child.stdin.destroy()
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
    this.#child.unref()
  }

  #cannotStart(error: unknown): string {
    const code = systemCodeOf(error) ?? 'unknown'
    switch (code) {
      case 'ENOENT':
        return notFound(this.#program)
      case 'EACCES':
        return cannotExecute(this.#program)
      default:
        return `${this.#program} cannot be started (${code}).`
    }
  }
}
