import type { GpuSample } from '../../core/snapshot.ts'
import { negotiate, type Column } from '../normalise/nvidia-fields.ts'
import { isExecutable, wordsOf } from './nvidia-smi/command.ts'
import { inventorySource } from './nvidia-smi/inventory.ts'
import { Launcher } from './nvidia-smi/launcher.ts'
import { RowReader } from './nvidia-smi/reader.ts'
import { RunReader } from './nvidia-smi/runs.ts'
import type { GpuSource, Reader, Source, SourceEnvironment } from './source.ts'

const maximumHelpLength = 1024 * 1024

/**
 * The driver's own tool: one persistent child that prints a row a GPU each interval, or, where that
 * stays mute, one run an interval.
 */
export const nvidiaSmi: GpuSource = {
  name: 'nvidia-smi',
  available: ({ nvidiaSmi: command, environment }) =>
    isExecutable(wordsOf(command)[0] ?? '', environment),
  create: (environment) => new NvidiaSmi(environment),
  inventory: inventorySource,
}

class NvidiaSmi implements Source<readonly GpuSample[]> {
  readonly name = nvidiaSmi.name
  readonly #environment: SourceEnvironment
  /** Outlives a child: a GPU that is lost no longer says its uuid to the next one. */
  readonly #known = new Map<string, GpuSample>()
  readonly #launcher: Launcher
  #columns: readonly Column[] | undefined
  #inRuns = false

  constructor(environment: SourceEnvironment) {
    this.#environment = environment
    this.#launcher = new Launcher(environment)
  }

  async open(signal: AbortSignal): Promise<Reader<readonly GpuSample[]>> {
    const columns = (this.#columns ??= negotiate(await this.#help(signal)))
    return this.#inRuns ? this.#runs(columns) : this.#loop(columns)
  }

  async #loop(columns: readonly Column[]): Promise<Reader<readonly GpuSample[]>> {
    const milliseconds = Math.round(this.#environment.intervalSeconds * 1000)
    const reader = this.#start(columns, ['-lms', String(milliseconds)])
    try {
      await reader.started
    } catch (error) {
      reader.close()
      throw error
    }
    void reader.ended.then(({ code }) => {
      // 2: a field is unknown, as after a change of driver. Ask again what there is.
      if (code === 2) this.#columns = undefined
      // Not even the header came: it may stand in a buffer that a run would empty at its end.
      if (code === null && !reader.heard) this.#inRuns = true
    })
    return reader
  }

  #runs(columns: readonly Column[]): Reader<readonly GpuSample[]> {
    const { clock, intervalSeconds } = this.#environment
    // Should this fail as well, the loop is tried again.
    this.#inRuns = false
    const start = () => this.#start(columns, [])
    return new RunReader({ start, clock, intervalSeconds })
  }

  #start(columns: readonly Column[], pace: readonly string[]): RowReader {
    const names = columns.map(({ name }) => name).join(',')
    return new RowReader({
      columns,
      known: this.#known,
      clock: this.#environment.clock,
      launch: (output) =>
        this.#launcher.launch([`--query-gpu=${names}`, '--format=csv', ...pace], output),
    })
  }

  async #help(signal: AbortSignal): Promise<string> {
    let help = ''
    const { code, sentence } = await this.#launcher.run(
      ['--help-query-gpu'],
      (chunk) => {
        if (help.length < maximumHelpLength) help += chunk
      },
      signal,
    )
    if (code !== 0) throw new Error(sentence)
    return help
  }
}
