import type { Clock } from '../../core/clock.ts'
import type { GpuInventory, GpuSample, ServingSample } from '../../core/snapshot.ts'
import type { PrometheusPage } from '../normalise/prometheus-text.ts'
import type { TargetProcess } from '../target-process.ts'
import type { Target } from '../target.ts'

/**
 * Where figures come from. The poll loop (`../poll.ts`) drives every source, measures it, limits it
 * in time and starts it again; a source only reads.
 */
export interface Source<T> {
  /** Label value of `rerankscope_source_up`. */
  readonly name: string
  /**
   * Starts whatever reading needs. MUST reject with one sentence that says what is wrong and what to
   * do, and MUST NOT leave anything running when it rejects or when `signal` aborts.
   */
  open(signal: AbortSignal): Promise<Reader<T>>
}

/** An open source. The loop never calls `read` while another one is pending, nor after `close`. */
export interface Reader<T> {
  /**
   * `loop`: `read` answers at once and is called once an interval; after a failure it is called
   * again. `source`: `read` waits for what the source says next; after a failure the reader is closed
   * and the source opened again, later each time.
   */
  readonly pace: 'loop' | 'source'
  /** How long the first reading may take, where starting is slower than going on. */
  readonly firstReadingSeconds?: number
  /** How long each reading may take, where three intervals are longer than one can wait. */
  readonly readingSeconds?: number
  /** Lines left out since `open`, where the source reads lines. */
  readonly droppedLines?: number | undefined
  /** What was seen instead of a reading, in words: said when a reading does not come in time. */
  readonly instead?: string | undefined
  /**
   * The next reading. MUST reject with one sentence when there is none, and MUST NOT answer with
   * anything older than the call. After three intervals the loop gives up on it: it aborts `signal`
   * and does not wait. May reject with a `FailedReading`.
   */
  read(signal: AbortSignal): Promise<T>
  /** Releases everything, at once: MUST NOT wait for a process or a peer. */
  close(): void
}

/** A reading that failed and still told something: it is kept, and the source is down all the same. */
export class FailedReading<T> extends Error {
  override readonly name = 'FailedReading'
  readonly learned: T

  constructor(message: string, learned: T) {
    super(message)
    this.learned = learned
  }
}

/** What a source may use of the world. */
export interface SourceEnvironment {
  readonly clock: Clock
  readonly intervalSeconds: number
  /** Undefined when no reranker is watched. */
  readonly target: Target | undefined
  /** The model that is watched; undefined: the only one that the target serves. */
  readonly model?: string | undefined
  /** Name or path of the program, or a command that runs it (`ssh gpu-host nvidia-smi`). */
  readonly nvidiaSmi: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** What the slow pass found. */
export interface Inventory {
  readonly gpus: readonly GpuInventory[]
  readonly process: TargetProcess | undefined
}

/** A kind of GPU source: one file here and one line in `index.ts`. */
export interface GpuSource {
  readonly name: string
  /** How the argument after `name:` is called in the help; absent for a source that takes none. */
  readonly argument?: string
  /** Whether `--gpu auto` may take it here; the first that says yes is taken. */
  available(environment: SourceEnvironment): boolean
  /** Throws a `UserError` for an argument that cannot work. */
  create(environment: SourceEnvironment, argument: string): Source<readonly GpuSample[]>
  /** What it can say at a higher price: read seldom. */
  inventory?(environment: SourceEnvironment): Source<Inventory>
}

/** What a serving source may know beside the page. */
export interface ServingContext {
  /** The model that is watched, where the user named one. */
  readonly model?: string | undefined
  /** The JSON document that the source asked for; undefined when it could not be had. */
  readonly beside?: unknown
}

/** A kind of reranker, known by its metrics page: one file here and one line in `index.ts`. */
export interface ServingSource {
  readonly name: string
  /** A document of the target that says what its page does not; 0 seconds: as often as the page. */
  readonly beside?: { readonly path: string; readonly everySeconds: number }
  /** Whether the page is of this kind of server. */
  recognises(page: PrometheusPage): boolean
  /**
   * Pure. What the page does not say stays absent. Throws one sentence when the page holds figures of
   * several models and none was chosen.
   */
  normalise(page: PrometheusPage, context: ServingContext): ServingSample
}

/** One that is told what to read: `NAME:ARGUMENT`, never found by `auto`. */
export interface ServingSourceKind {
  /** Throws a `UserError` for an argument that cannot work. */
  create(argument: string): ServingSource
}
