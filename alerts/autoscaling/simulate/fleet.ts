/** The replicas of a deployment and the work before them, second by second. */
export interface FleetOptions {
  readonly replicas: number
  /** From the decision to add a replica until it answers: scheduling, image, model. */
  readonly startSeconds: number
  /** Work that waits longer than this is refused or given up, as every server bounds its queue. */
  readonly maximumWaitSeconds: number
}

/** One slice of time. Work is in seconds of one busy replica. */
export interface Slice {
  readonly ready: number
  readonly demand: number
  readonly busySeconds: number
  readonly observedSeconds: number
  /** How long what came now would wait. */
  readonly waitSeconds: number
}

/**
 * A fluid, not single requests: work flows in, ready replicas work it off at their own speed, what is
 * left waits. So utilisation is exact over every slice, and nothing waits below 100 %.
 */
export class ReplicaFleet {
  readonly #options: FleetOptions
  /** When each replica answers, rising. */
  #readyAt: number[]
  #waitingSeconds = 0

  constructor(options: FleetOptions) {
    this.#options = options
    this.#readyAt = Array.from({ length: options.replicas }, () => -Infinity)
  }

  get replicas(): number {
    return this.#readyAt.length
  }

  readyAt(atSeconds: number): number {
    return this.#readyAt.filter((ready) => ready <= atSeconds).length
  }

  /** What is removed is the newest first, so those that do not answer yet go before all others. */
  scaleTo(replicas: number, atSeconds: number): void {
    this.#readyAt = this.#readyAt.slice(0, replicas)
    while (this.#readyAt.length < replicas) {
      this.#readyAt.push(atSeconds + this.#options.startSeconds)
    }
  }

  /** `demand`: in replicas kept wholly busy. */
  advance(atSeconds: number, seconds: number, demand: number): Slice {
    const ready = this.readyAt(atSeconds)
    const observedSeconds = ready * seconds
    const work = this.#waitingSeconds + demand * seconds
    const busySeconds = Math.min(observedSeconds, work)
    const bound = ready * this.#options.maximumWaitSeconds
    this.#waitingSeconds = Math.min(bound, work - busySeconds)
    return {
      ready,
      demand,
      busySeconds,
      observedSeconds,
      waitSeconds: ready === 0 ? 0 : this.#waitingSeconds / ready,
    }
  }
}
