import type { PlanItem } from '../../plan/plan.ts'
import type { Replay, ReplayEnd } from '../engine.ts'
import { decodeK6Sample, observationOf, type K6Sample } from './samples.ts'

/** Turns k6's samples into observations as they come. */
export class Reader {
  readonly #replay: Replay
  readonly #items: ReadonlyMap<number, PlanItem>
  readonly #reported = new Set<number>()
  readonly #warmUp = { requests: 0, succeeded: 0 }
  /** On our monotonic clock; undefined before k6 has told. */
  #startSeconds: number | undefined
  #due = 0

  constructor(replay: Replay) {
    this.#replay = replay
    this.#items = new Map(replay.items.map((item) => [item.index, item]))
  }

  read(lines: readonly string[]): void {
    for (const line of lines) {
      const sample = decodeK6Sample(line)
      if (sample !== undefined) this.#take(sample)
    }
    this.#noteSent()
  }

  /** What an aborted k6 had sent and not reported, it gave up; the rest it never sent. */
  end(): ReplayEnd {
    const { items } = this.#replay
    const silent = items.filter(({ index }) => !this.#reported.has(index))
    const elapsed = this.#elapsedSeconds()
    const unfinished = silent.filter(({ intendedSeconds }) => intendedSeconds <= elapsed).length
    return {
      unsent: silent.length - unfinished,
      unfinished,
      delayedByLimit: 0,
      warmUp: this.#warmUp,
    }
  }

  #take(sample: K6Sample): void {
    const { clock, judge, onStart, onObservation } = this.#replay
    switch (sample.kind) {
      case 'start':
        this.#startSeconds = clock.monotonicSeconds() + sample.unixSeconds - clock.wallSeconds()
        onStart(this.#startSeconds)
        return
      case 'warm-up':
        this.#warmUp.requests += 1
        if (sample.succeeded) this.#warmUp.succeeded += 1
        return
      case 'answer': {
        const item = this.#items.get(sample.answer.index)
        if (item === undefined || this.#reported.has(item.index)) return
        this.#noteSent(item.intendedSeconds)
        this.#reported.add(item.index)
        onObservation(observationOf(sample.answer, item, judge))
      }
    }
  }

  /** k6 tells of a request when it has ended; that it was sent follows from the schedule. */
  #noteSent(untilSeconds = this.#elapsedSeconds()): void {
    for (; this.#due < this.#replay.items.length; this.#due += 1) {
      const item = this.#replay.items[this.#due]
      if (item === undefined || item.intendedSeconds > untilSeconds) return
      this.#replay.onSent(item)
    }
  }

  #elapsedSeconds(): number {
    return this.#replay.clock.monotonicSeconds() - (this.#startSeconds ?? Infinity)
  }
}
