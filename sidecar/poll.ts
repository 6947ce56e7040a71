import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { SourceHealth } from '../core/snapshot.ts'
import { formatDuration } from '../core/units.ts'
import { FailedReading, type Reader, type Source } from './sources/source.ts'

/** Values and sources that were silent for longer than this many intervals are not believed. */
export const freshIntervals = 3
/** What starting may take: the first nvidia-smi of a machine takes seconds without persistence mode. */
const openSeconds = 15
const backoff = { firstSeconds: 1, longestSeconds: 60 } as const

/** Drives one source: paces it, limits it, starts it again, and measures all that. */
export class Poll<T> {
  readonly #source: Source<T>
  readonly #clock: Clock
  readonly #intervalSeconds: number
  readonly #onReading: (value: T, atSeconds: number) => void
  #name: string
  #reader: Reader<T> | undefined
  #starts = 0
  #attempts = 0
  #durationSeconds: number | undefined
  #lastSuccess: { readonly atSeconds: number; readonly wallSeconds: number } | undefined
  readonly #onTurn: ((sentence: string) => void) | undefined
  readonly #onAttempt: (() => void) | undefined
  #saidDown = false
  #failure: string | undefined
  /** By the readers that are closed; undefined for a source that reads no lines. */
  #droppedBefore: number | undefined

  constructor(options: {
    readonly source: Source<T>
    readonly clock: Clock
    readonly intervalSeconds: number
    /** `atSeconds` is the clock's monotonic time at which the reading was complete. */
    readonly onReading: (value: T, atSeconds: number) => void
    /** Told once when the source is down, and once when it works again: for the person who runs it. */
    readonly onTurn?: (sentence: string) => void
    /** Told after every attempt, once what it gave is known everywhere. */
    readonly onAttempt?: () => void
  }) {
    this.#source = options.source
    this.#clock = options.clock
    this.#intervalSeconds = options.intervalSeconds
    this.#onReading = options.onReading
    this.#onTurn = options.onTurn
    this.#onAttempt = options.onAttempt
    this.#name = options.source.name
  }

  /** Readings that were tried, with whatever outcome: each may have changed what is known. */
  get attempts(): number {
    return this.#attempts
  }

  /** When it would count as down, were nothing more to be read; undefined before the first reading. */
  get upUntilSeconds(): number | undefined {
    return this.#lastSuccess && this.#lastSuccess.atSeconds + freshIntervals * this.#intervalSeconds
  }

  /** When the next reading is due after one that succeeded. */
  get dueSeconds(): number | undefined {
    return this.#lastSuccess && this.#lastSuccess.atSeconds + this.#intervalSeconds
  }

  health(): SourceHealth {
    const now = this.#clock.monotonicSeconds()
    const silent = this.#lastSuccess && now - this.#lastSuccess.atSeconds
    const up = now <= (this.upUntilSeconds ?? -Infinity)
    return {
      name: this.#name,
      up,
      reason: up
        ? undefined
        : (this.#failure ??
          (silent === undefined ? 'no reading yet' : `silent for ${formatDuration(silent)}`)),
      durationSeconds: this.#durationSeconds,
      lastSuccessSeconds: this.#lastSuccess?.wallSeconds,
      restarts: Math.max(0, this.#starts - 1),
      droppedLines: plus(this.#droppedBefore, this.#reader?.droppedLines),
    }
  }

  /** Resolves after `stop` has aborted and the source is closed; never rejects. */
  async run(stop: AbortSignal): Promise<void> {
    let failures = 0
    while (!stop.aborted) {
      const reader = await this.#open(stop)
      if (reader !== undefined) {
        this.#reader = reader
        this.#starts += 1
        if (await this.#readFrom(reader, stop)) failures = 0
        reader.close()
        this.#droppedBefore = plus(this.#droppedBefore, reader.droppedLines)
        this.#reader = undefined
      }
      await this.#clock.sleep(
        Math.min(backoff.firstSeconds * 2 ** failures, backoff.longestSeconds),
        stop,
      )
      failures += 1
    }
  }

  async #open(stop: AbortSignal): Promise<Reader<T> | undefined> {
    let opening: Promise<Reader<T>> | undefined
    try {
      return await this.#within(openSeconds, stop, (signal) => {
        opening = this.#source.open(signal)
        return opening
      })
    } catch (error) {
      this.#fail(error)
      // One that opens after all, too late, must not stay open.
      opening?.then(
        (late) => {
          late.close()
        },
        () => undefined,
      )
      return undefined
    }
  }

  /** Until `stop`, or until a reader that sets its own pace fails. Whether anything was read. */
  async #readFrom(reader: Reader<T>, stop: AbortSignal): Promise<boolean> {
    const usualSeconds = reader.readingSeconds ?? freshIntervals * this.#intervalSeconds
    let limitSeconds = Math.max(usualSeconds, reader.firstReadingSeconds ?? 0)
    let succeeded = false
    let next = this.#clock.monotonicSeconds()
    while (!stop.aborted) {
      const begin = this.#clock.monotonicSeconds()
      try {
        const value = await this.#within(
          limitSeconds,
          stop,
          (signal) => reader.read(signal),
          () => reader.instead,
        )
        this.#succeed(value, begin)
        succeeded = true
        limitSeconds = usualSeconds
      } catch (error) {
        if (error instanceof FailedReading) {
          this.#onReading(error.learned as T, this.#clock.monotonicSeconds())
        }
        this.#fail(error)
        if (reader.pace === 'source') return succeeded
      }
      if (reader.pace === 'loop') {
        // On a grid, so that a slow reading does not shift the ones after it; missed ones are skipped.
        const now = this.#clock.monotonicSeconds()
        const missed = Math.ceil((now - next) / this.#intervalSeconds)
        next += this.#intervalSeconds * Math.max(1, missed)
        await this.#clock.sleep(next - now, stop)
      }
    }
    return succeeded
  }

  #succeed(value: T, begin: number): void {
    const now = this.#clock.monotonicSeconds()
    this.#attempts += 1
    this.#durationSeconds = now - begin
    this.#lastSuccess = { atSeconds: now, wallSeconds: this.#clock.wallSeconds() }
    this.#failure = undefined
    if (this.#saidDown) this.#onTurn?.(`the source ${this.#name} works again.`)
    this.#saidDown = false
    this.#onReading(value, now)
    this.#onAttempt?.()
  }

  #fail(error: unknown): void {
    this.#attempts += 1
    this.#failure = messageOf(error)
    if (!this.#saidDown && !this.health().up) {
      this.#saidDown = true
      this.#onTurn?.(`the source ${this.#name} is down: ${this.#failure}`)
    }
    this.#onAttempt?.()
  }

  /**
   * Decides by the clock alone: a source that neither settles nor honours its signal, as a process
   * that hangs in the driver, must not stop the loop.
   */
  async #within<R>(
    seconds: number,
    stop: AbortSignal,
    work: (signal: AbortSignal) => Promise<R>,
    instead: () => string | undefined = () => undefined,
  ): Promise<R> {
    const limit = new AbortController()
    const timer = new AbortController()
    let settled = false
    const onStop = () => {
      limit.abort()
      timer.abort()
    }
    stop.addEventListener('abort', onStop, { once: true })
    const timeout = this.#clock.sleep(seconds, timer.signal).then(() => {
      if (!settled) limit.abort()
      const seen = instead()
      throw new Error(
        `no reading within ${formatDuration(seconds)}${seen === undefined ? '' : `; ${seen}`}`,
      )
    })
    try {
      return await Promise.race([work(limit.signal), timeout])
    } finally {
      settled = true
      stop.removeEventListener('abort', onStop)
      // With a reason: without one an error with its stack is made each time.
      timer.abort('settled')
    }
  }
}

function plus(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a + b
}
