import type { Clock } from '../core/clock.ts'
import type { Snapshot } from '../core/snapshot.ts'

/** Without a new reading a picture ages: what it shows may have become too old to be shown. */
const longestSeconds = 0.25

/**
 * The snapshot of now, the same object for as long as nothing can have changed: so that everyone who
 * asks between two readings costs one.
 */
export class Picture {
  readonly #clock: Pick<Clock, 'monotonicSeconds'>
  readonly #take: () => Snapshot
  readonly #attempts: () => number
  #taken:
    | { readonly snapshot: Snapshot; readonly atSeconds: number; readonly attempts: number }
    | undefined

  constructor(options: {
    readonly clock: Pick<Clock, 'monotonicSeconds'>
    readonly take: () => Snapshot
    /** How many readings were tried until now, over all sources. */
    readonly attempts: () => number
  }) {
    this.#clock = options.clock
    this.#take = options.take
    this.#attempts = options.attempts
  }

  /** An arrow function, so that it can be handed on. */
  readonly current = (): Snapshot => {
    const atSeconds = this.#clock.monotonicSeconds()
    const attempts = this.#attempts()
    const before = this.#taken
    if (before?.attempts === attempts && atSeconds - before.atSeconds < longestSeconds) {
      return before.snapshot
    }
    const snapshot = this.#take()
    this.#taken = { snapshot, atSeconds, attempts }
    return snapshot
  }
}
