import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { GpuSample } from '../../core/snapshot.ts'
import { negotiate, type Column } from '../normalise/nvidia-fields.ts'
import { Child } from './nvidia-smi/child.ts'
import { RowReader } from './nvidia-smi/reader.ts'
import type { GpuSource, Reader, Source, SourceEnvironment } from './source.ts'

const maximumHelpLength = 1024 * 1024

/** The driver's own tool: one persistent child that prints a row a GPU each interval. */
export const nvidiaSmi: GpuSource = {
  name: 'nvidia-smi',
  available: isExecutable,
  create: (environment) => new NvidiaSmi(environment),
}

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
      launch: (onStdout) =>
        this.#launch(
          [`--query-gpu=${names}`, '--format=csv', '-lms', String(milliseconds)],
          onStdout,
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
    const child = this.#launch(['--help-query-gpu'], (chunk) => {
      if (help.length < maximumHelpLength) help += chunk
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
  #launch(args: readonly string[], onStdout: (chunk: string) => void): Child {
    if (this.#child?.alive === true) {
      throw new Error(
        `the previous nvidia-smi (process ${String(this.#child.pid)}) hangs in the driver and cannot be ended; no other one is started beside it.`,
      )
    }
    const { nvidiaSmi: program, environment } = this.#environment
    this.#child = new Child(program, args, environment, onStdout)
    return this.#child
  }
}

function isExecutable({ nvidiaSmi: program, environment }: SourceEnvironment): boolean {
  const places = program.includes('/')
    ? [program]
    : (environment.PATH ?? '').split(delimiter).map((folder) => join(folder, program))
  return places.some((place) => {
    try {
      accessSync(place, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
