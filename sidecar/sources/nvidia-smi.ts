import type { GpuSample } from '../../core/snapshot.ts'
import { negotiate, type Column } from '../normalise/nvidia-fields.ts'
import { Child, type ChildOptions } from './nvidia-smi/child.ts'
import { isExecutable, wordsOf } from './nvidia-smi/command.ts'
import { RowReader } from './nvidia-smi/reader.ts'
import type { GpuSource, Reader, Source, SourceEnvironment } from './source.ts'

const maximumHelpLength = 1024 * 1024

/** The driver's own tool: one persistent child that prints a row a GPU each interval. */
export const nvidiaSmi: GpuSource = {
  name: 'nvidia-smi',
  available: ({ nvidiaSmi: command, environment }) =>
    isExecutable(wordsOf(command)[0] ?? '', environment),
  create: (environment) => new NvidiaSmi(environment),
}

type Output = Pick<ChildOptions, 'onStdout' | 'onStderrLine'>

class NvidiaSmi implements Source<readonly GpuSample[]> {
  readonly name = nvidiaSmi.name
  readonly #environment: SourceEnvironment
  /** Outlives a child: a GPU that is lost no longer says its uuid to the next one. */
  readonly #known = new Map<string, GpuSample>()
  #columns: readonly Column[] | undefined
  /** The latest child, which may be one that cannot be killed. */
  #child: Child | undefined

  constructor(environment: SourceEnvironment) {
    this.#environment = environment
  }

  async open(signal: AbortSignal): Promise<Reader<readonly GpuSample[]>> {
    const columns = (this.#columns ??= negotiate(await this.#help(signal)))
    const names = columns.map(({ name }) => name).join(',')
    const milliseconds = Math.round(this.#environment.intervalSeconds * 1000)
    const reader = new RowReader({
      columns,
      known: this.#known,
      clock: this.#environment.clock,
      launch: (output) =>
        this.#launch(
          [`--query-gpu=${names}`, '--format=csv', '-lms', String(milliseconds)],
          output,
        ),
    })
    try {
      await this.#child?.started
    } catch (error) {
      reader.close()
      throw error
    }
    void this.#child?.ended.then(({ code }) => {
      // 2: a field is unknown, as after a change of driver. Ask again what there is.
      if (code === 2) this.#columns = undefined
    })
    return reader
  }

  async #help(signal: AbortSignal): Promise<string> {
    let help = ''
    const child = this.#launch(['--help-query-gpu'], {
      onStdout: (chunk) => {
        // What a failing program says stands on either stream.
        child.note(chunk.split('\n', 1)[0] ?? '')
        if (help.length < maximumHelpLength) help += chunk
      },
    })
    const stop = () => {
      child.kill()
    }
    signal.addEventListener('abort', stop, { once: true })
    try {
      await child.started
      const { code, sentence } = await child.ended
      if (code !== 0) throw new Error(sentence)
      return help
    } finally {
      signal.removeEventListener('abort', stop)
      child.kill()
    }
  }

  /** At most one child at a time: every further one would hang in the driver as well. */
  #launch(args: readonly string[], output: Output): Child {
    if (this.#child?.alive === true) {
      throw new Error(
        `the previous nvidia-smi (process ${String(this.#child.pid)}) hangs in the driver and cannot be ended; no other one is started beside it.`,
      )
    }
    const { nvidiaSmi: command, environment } = this.#environment
    this.#child = new Child({ words: wordsOf(command), environment, ...output }, args)
    return this.#child
  }
}
