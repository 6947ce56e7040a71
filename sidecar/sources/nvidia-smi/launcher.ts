import type { SourceEnvironment } from '../source.ts'
import { Child, type ChildOptions } from './child.ts'
import { wordsOf } from './command.ts'

export type Output = Pick<ChildOptions, 'onStdout' | 'onStderrLine'>

/** Starts nvidia-smi, at most one at a time: every further one would hang in the driver as well. */
export class Launcher {
  readonly #environment: Pick<SourceEnvironment, 'nvidiaSmi' | 'environment'>
  /** The latest child, which may be one that cannot be killed. */
  #child: Child | undefined

  constructor(environment: Pick<SourceEnvironment, 'nvidiaSmi' | 'environment'>) {
    this.#environment = environment
  }

  /** Throws a sentence while the one before is alive. */
  launch(args: readonly string[], output: Output): Child {
    if (this.#child?.alive === true) {
      throw new Error(
        `the previous nvidia-smi (process ${String(this.#child.pid)}) hangs in the driver and cannot be ended; no other one is started beside it.`,
      )
    }
    const { nvidiaSmi: command, environment } = this.#environment
    this.#child = new Child({ words: wordsOf(command), environment, ...output }, args)
    return this.#child
  }

  /**
   * Runs it to its end, or until `signal` aborts, which kills it. Resolves with its exit code and a
   * sentence on how it ended; rejects with one when it cannot be started.
   */
  async run(
    args: readonly string[],
    onStdout: (chunk: string) => void,
    signal: AbortSignal,
  ): Promise<{ readonly code: number | null; readonly sentence: string }> {
    const child = this.launch(args, {
      onStdout: (chunk) => {
        // What a failing program says stands on either stream.
        child.note(chunk.split('\n', 1)[0] ?? '')
        onStdout(chunk)
      },
    })
    const stop = () => {
      child.kill()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      await child.started
      return await child.ended
    } finally {
      signal.removeEventListener('abort', stop)
      child.kill()
    }
  }
}
