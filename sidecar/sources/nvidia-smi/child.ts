import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { systemCodeOf } from '../../../core/errors.ts'
import { endingOf } from './endings.ts'

const maximumNoteLength = 200

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

  /** `onStdout` gets what arrives at once: an undrained pipe would block the program. */
  constructor(
    program: string,
    args: readonly string[],
    environment: Readonly<Record<string, string | undefined>>,
    onStdout: (chunk: string) => void,
  ) {
    this.#program = program
    // A localised program would print other words and decimal commas.
    const env = { ...environment, LC_ALL: 'C' }
    const child = spawn(program, args, { detached: true, env, stdio: 'pipe' })
    this.#child = child
    this.started = new Promise((resolve, reject) => {
      child.once('spawn', resolve)
      child.once('error', (error) => {
        reject(new Error(this.#cannotStart(error), { cause: error }))
      })
    })
    this.ended = new Promise((resolve) => {
      child.once('close', (code, signal) => {
        resolve({ code, sentence: endingOf(program, code, signal, this.#note) })
      })
    })
    child.stdin.on('error', () => undefined).end()
    child.stdout.setEncoding('utf8').on('data', onStdout)
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      this.note(
        chunk
          .slice(-4 * maximumNoteLength)
          .trim()
          .split('\n')
          .at(-1) ?? '',
      )
    })
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
    this.#child.stdout.destroy()
    this.#child.stderr.destroy()
    this.#child.unref()
  }

  #cannotStart(error: unknown): string {
    const code = systemCodeOf(error) ?? 'unknown'
    switch (code) {
      case 'ENOENT':
        return `${this.#program} was not found: install the NVIDIA driver, name the program with --nvidia-smi PATH, or choose another --gpu.`
      case 'EACCES':
        return `${this.#program} may not be executed: check its permissions.`
      default:
        return `${this.#program} cannot be started (${code}).`
    }
  }
}
