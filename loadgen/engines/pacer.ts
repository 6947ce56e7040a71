import type { Clock } from '../../core/clock.ts'

/**
 * Timers fire up to a millisecond late or early; setImmediate comes round every few microseconds. So
 * the last stretch before an instant is spun through with setImmediate, which keeps answers flowing.
 */
export const spinSeconds = 0.002

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
   * before the wait for the instant begins. Returns how many instants were fired.
   */
  async pace(
    instants: readonly number[],
    signal: AbortSignal,
    { prepare, fire }: { prepare: (at: number) => Promise<void>; fire: (at: number) => void },
  ): Promise<number> {
    for (const [at, dueSeconds] of instants.entries()) {
      this.#nextDueSeconds = dueSeconds
      await prepare(at)
      await this.#until(dueSeconds, signal)
      if (signal.aborted) return at
      fire(at)
    }
    this.#nextDueSeconds = Infinity
    return instants.length
  }

  /** Lets answers that have come be noted before work goes on. */
  async breathe(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
  }

  /** Runs `work` soon, but not in the moments before an instant, when it would make a request late. */
  whenIdle(work: () => void): void {
    const left = this.#nextDueSeconds - this.#clock.monotonicSeconds()
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
          await this.breathe()
          break
        case 'sleep':
          await this.#clock.sleep(wait.seconds, signal)
      }
    }
  }
}
