import type { Clock } from '../../core/clock.ts'
import { collectYoungGarbage } from '../garbage.ts'

/**
 * Timers fire up to a millisecond late or early; setImmediate comes round every few microseconds. So
 * the last stretch before an instant is spun through with setImmediate, which keeps answers flowing.
 */
export const spinSeconds = 0.002
/** And the very last one without even that: a turn of the event loop may have an answer to read. */
const blindSeconds = 0.0001
/**
 * Preparing begins so long before an instant: late enough to stay clear of the answers of a fast
 * server, which would be noted late, and early enough to be done in time.
 */
const prepareSeconds = 0.05
/** With so much time left, collecting garbage makes nobody late. */
const collectSeconds = 0.01

export type Wait =
  | { readonly kind: 'due' }
  | { readonly kind: 'spin' }
  | { readonly kind: 'sleep'; readonly seconds: number }

/** How to wait for an instant. A past instant is due: it keeps its intended time and is sent at once. */
export function waitFor(dueSeconds: number, nowSeconds: number): Wait {
  const left = dueSeconds - nowSeconds
  if (left <= 0) return { kind: 'due' }
  return left <= spinSeconds ? { kind: 'spin' } : { kind: 'sleep', seconds: left - spinSeconds }
}

export class Pacer {
  readonly #clock: Clock
  #nextDueSeconds = -Infinity

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Calls `fire` for each instant (seconds on the monotonic clock, rising), measured from the one
   * schedule and never from the call before, so that lateness does not add up. `prepare` is awaited
   * shortly before the instant. Returns how many instants were fired.
   */
  async pace(
    instants: readonly number[],
    signal: AbortSignal,
    { prepare, fire }: { prepare: (at: number) => Promise<void>; fire: (at: number) => void },
  ): Promise<number> {
    for (const [at, dueSeconds] of instants.entries()) {
      this.#nextDueSeconds = dueSeconds
      await this.#clock.sleep(this.#leftUntil(dueSeconds) - prepareSeconds, signal)
      await prepare(at)
      if (this.#leftUntil(dueSeconds) > collectSeconds) collectYoungGarbage()
      await this.#until(dueSeconds, signal)
      if (signal.aborted) return at
      fire(at)
    }
    this.#nextDueSeconds = Infinity
    return instants.length
  }

  /**
   * Paces nothing until shortly before `startSeconds`: code that has not run yet is slow, and the first
   * requests would be late.
   */
  async rehearse(startSeconds: number): Promise<void> {
    for (
      let due = this.#clock.monotonicSeconds();
      due < startSeconds - prepareSeconds;
      due += 2 * spinSeconds
    ) {
      await this.#until(due, new AbortController().signal)
    }
    collectYoungGarbage()
  }

  /** Lets answers that have come be noted before work goes on. */
  async breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Runs `work` soon, but not in the moments before an instant, when it would make a request late. */
  whenIdle(work: () => void): void {
    const left = this.#leftUntil(this.#nextDueSeconds)
    if (left > 0 && left < 2 * spinSeconds) setTimeout(work, 2000 * spinSeconds)
    else setImmediate(work)
  }

  async #until(dueSeconds: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wait = waitFor(dueSeconds, this.#clock.monotonicSeconds())
      switch (wait.kind) {
        case 'due':
          return
        case 'spin':
          await this.#spinUntil(dueSeconds, signal)
          return
        case 'sleep':
          await this.#clock.sleep(wait.seconds, signal)
      }
    }
  }

  /** One promise for the whole stretch: one a turn would fill the young generation just now. */
  #spinUntil(dueSeconds: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        let left = this.#leftUntil(dueSeconds)
        if (left > blindSeconds && !signal.aborted) {
          setImmediate(look)
          return
        }
        while (left > 0 && !signal.aborted) left = this.#leftUntil(dueSeconds)
        resolve()
      }
      look()
    })
  }

  #leftUntil(dueSeconds: number): number {
    return dueSeconds - this.#clock.monotonicSeconds()
  }
}
