import type { Clock } from '../../../core/clock.ts'
import type { GpuSample } from '../../../core/snapshot.ts'
import type { Reader } from '../source.ts'
import type { RowReader } from './reader.ts'

/**
 * One run of nvidia-smi an interval, for a driver or a wrapper whose loop keeps its rows in a buffer
 * when it writes to a pipe: they would come minutes late, all at once. A run that ends says what it has.
 */
export class RunReader implements Reader<readonly GpuSample[]> {
  readonly pace = 'source'
  readonly firstReadingSeconds = 15
  readonly #start: () => RowReader
  readonly #clock: Clock
  readonly #intervalSeconds: number
  #run: RowReader | undefined
  #droppedBefore = 0
  #dueSeconds: number

  constructor(options: {
    readonly start: () => RowReader
    readonly clock: Clock
    readonly intervalSeconds: number
  }) {
    this.#start = options.start
    this.#clock = options.clock
    this.#intervalSeconds = options.intervalSeconds
    this.#dueSeconds = options.clock.monotonicSeconds()
  }

  get droppedLines(): number {
    return this.#droppedBefore + (this.#run?.droppedLines ?? 0)
  }

  get instead(): string | undefined {
    return this.#run?.instead
  }

  async read(signal: AbortSignal): Promise<readonly GpuSample[]> {
    await this.#clock.sleep(this.#dueSeconds - this.#clock.monotonicSeconds(), signal)
    this.#dueSeconds =
      Math.max(this.#dueSeconds, this.#clock.monotonicSeconds()) + this.#intervalSeconds
    const run = (this.#run = this.#start())
    try {
      await run.started
      return await run.read(signal)
    } finally {
      run.close()
      this.#droppedBefore += run.droppedLines
      this.#run = undefined
    }
  }

  close(): void {
    this.#run?.close()
  }
}
