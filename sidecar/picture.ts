import type { Clock } from '../core/clock.ts'
import type { Snapshot } from '../core/snapshot.ts'

/** Also where nothing it shows grows too old: what is told of time, as a silence, must not stand still. */
const longestSeconds = 2

/**
 * The snapshot of now, the same object for as long as nothing can have changed: so that everyone who
 * asks between two readings costs one.
 */
export class Picture {
  readonly #clock: Pick<Clock, 'monotonicSeconds'>
  readonly #take: () => Snapshot
  readonly #attempts: () => number
  readonly #trueUntilSeconds: (nowSeconds: number) => number
  #taken:
    | { readonly snapshot: Snapshot; readonly untilSeconds: number; readonly attempts: number }
    | undefined

  constructor(options: {
    readonly clock: Pick<Clock, 'monotonicSeconds'>
    readonly take: () => Snapshot
    /** How many readings were tried until now, over all sources. */
    readonly attempts: () => number
    /** When the first of what is shown now becomes too old to be shown, if nothing new is read. */
    readonly trueUntilSeconds: (nowSeconds: number) => number
  }) {
    this.#clock = options.clock
    this.#take = options.take
    this.#attempts = options.attempts
    this.#trueUntilSeconds = options.trueUntilSeconds
  }

  /** An arrow function, so that it can be handed on. */
  readonly current = (): Snapshot => {
    const atSeconds = this.#clock.monotonicSeconds()
    const attempts = this.#attempts()
    const before = this.#taken
    if (before?.attempts === attempts && atSeconds <= before.untilSeconds) {
      return before.snapshot
    }
    const snapshot = this.#take()
    const untilSeconds = Math.min(this.#trueUntilSeconds(atSeconds), atSeconds + longestSeconds)
    this.#taken = { snapshot, untilSeconds, attempts }
    return snapshot
  }
}
