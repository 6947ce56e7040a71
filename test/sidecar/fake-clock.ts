import type { Clock } from '../../core/clock.ts'

/** A clock that stands still until a test moves it; sleepers wake in the order of their times. */
export class FakeClock implements Clock {
  #seconds: number
  #sleepers: { readonly at: number; readonly wake: () => void }[] = []

  constructor(startSeconds = 0) {
    this.#seconds = startSeconds
  }

  wallSeconds(): number {
    return 1_800_000_000 + this.#seconds
  }

  monotonicSeconds(): number {
    return this.#seconds
  }

  sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve()
        return
      }
      const wake = () => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper)
        signal?.removeEventListener('abort', wake)
        resolve()
      }
      const sleeper = { at: this.#seconds + Math.max(0, seconds), wake }
      this.#sleepers.push(sleeper)
      signal?.addEventListener('abort', wake)
    })
  }

  async advance(seconds: number): Promise<void> {
    const end = this.#seconds + seconds
    await settle()
    for (;;) {
      const next = this.#sleepers
        .filter(({ at }) => at <= end)
        .sort((a, b) => a.at - b.at)
        .at(0)
      if (next === undefined) break
      this.#seconds = Math.max(this.#seconds, next.at)
      next.wake()
      await settle()
    }
    this.#seconds = end
    await settle()
  }
}

/** Lets everything that needs no time run. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}
