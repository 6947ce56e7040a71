import type { Clock } from '../../../core/clock.ts'
import type { GpuSample } from '../../../core/snapshot.ts'
import { LineSplitter } from '../../normalise/lines.ts'
import type { Column } from '../../normalise/nvidia-fields.ts'
import { normaliseRow } from '../../normalise/nvidia-row.ts'
import { normaliseHandleLine } from '../../normalise/nvidia-handle.ts'
import { FailedReading, type Reader } from '../source.ts'
import type { Child } from './child.ts'
import type { Output } from './launcher.ts'

const maximumLineLength = 16_384
/** A flood of lines between two readings is no GPU's. */
const maximumLines = 10_000
const maximumGpus = 256
/** The rows of one tick come within milliseconds; waiting this long makes one reading of them. */
const gatherSeconds = 0.02

/** The rows of a running `nvidia-smi --query-gpu …`, as they come. */
export class RowReader implements Reader<readonly GpuSample[]> {
  readonly pace = 'source'
  /** Without persistence mode the driver is first loaded, which takes seconds. */
  readonly firstReadingSeconds = 15
  readonly #child: Child
  readonly #columns: readonly Column[]
  readonly #clock: Clock
  readonly #splitter = new LineSplitter(maximumLineLength)
  readonly #known: Map<string, GpuSample>
  readonly #rows = new Map<string, GpuSample>()
  /** Verdicts on GPUs that could not even be asked, by index. */
  readonly #unreachable = new Map<string, GpuSample>()
  #heard = false
  #lines = 0
  #notRows = 0
  #failure: string | undefined
  #wake: () => void = () => undefined

  constructor(options: {
    readonly launch: (output: Output) => Child
    readonly columns: readonly Column[]
    /** By index, what the GPUs said last; kept here for the reader that comes after this one. */
    readonly known: Map<string, GpuSample>
    readonly clock: Clock
  }) {
    this.#known = options.known
    this.#columns = options.columns
    this.#clock = options.clock
    this.#child = options.launch({
      onStdout: (chunk) => {
        this.#take(chunk)
      },
      onStderrLine: (line) => {
        this.#takeUnreachable(line)
      },
    })
    void this.#child.ended.then(({ sentence }) => {
      this.#fail(sentence)
    })
  }

  get started(): Promise<void> {
    return this.#child.started
  }

  get ended(): Child['ended'] {
    return this.#child.ended
  }

  /** Whether it printed anything at all. */
  get heard(): boolean {
    return this.#heard
  }

  get droppedLines(): number {
    return this.#splitter.droppedLines + this.#notRows
  }

  get instead(): string | undefined {
    const { said } = this.#child
    return said === undefined ? undefined : `nvidia-smi printed "${said}"`
  }

  async read(signal: AbortSignal): Promise<readonly GpuSample[]> {
    const known = this.#known.size
    while (this.#rows.size === 0 && this.#failure === undefined && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        signal.addEventListener(
          'abort',
          () => {
            resolve()
          },
          { once: true },
        )
      })
    }
    if (this.#rows.size === 0) {
      throw new FailedReading(this.#failure ?? 'nvidia-smi printed no row', this.#taken())
    }
    // Those that are known have all spoken: there is nobody to wait for.
    const whole = known > 0 && this.#rows.size >= known
    if (!whole) await this.#clock.sleep(gatherSeconds, signal)
    return this.#taken()
  }

  close(): void {
    this.#child.kill()
  }

  #taken(): readonly GpuSample[] {
    // A GPU that has a row after all can be reached.
    const samples = [...new Map([...this.#unreachable, ...this.#rows]).values()]
    this.#rows.clear()
    this.#unreachable.clear()
    this.#lines = 0
    return samples
  }

  #take(chunk: string): void {
    this.#heard = true
    for (const line of this.#splitter.push(chunk)) {
      this.#lines += 1
      this.#takeLine(line)
    }
    if (this.#lines > maximumLines) {
      this.#child.kill()
      this.#fail(`nvidia-smi printed more than ${String(maximumLines)} lines at once.`)
    }
    if (this.#rows.size > 0) this.#wake()
  }

  #takeLine(line: string): void {
    const sample = normaliseRow(line, this.#columns, { kind: 'nvidia', known: this.#known })
    if (sample === undefined) {
      if (this.#isHeader(line)) return
      this.#takeUnreachable(line)
      this.#notRows += 1
      this.#child.note(line)
      return
    }
    if (!this.#known.has(sample.index) && this.#known.size === maximumGpus) {
      this.#notRows += 1
      return
    }
    this.#child.forget()
    this.#known.set(sample.index, sample)
    this.#rows.set(sample.index, sample)
  }

  #takeUnreachable(line: string): void {
    const sample = normaliseHandleLine(line, [...this.#known.values()])
    if (sample !== undefined && this.#unreachable.size < maximumGpus) {
      this.#unreachable.set(sample.index, sample)
    }
  }

  #isHeader(line: string): boolean {
    return line.trim() === '' || line.startsWith(this.#columns[0]?.name ?? '')
  }

  #fail(sentence: string): void {
    this.#failure ??= sentence
    this.#wake()
  }
}
