import { queueCeiling } from '../behavior.ts'
import type { Slice } from './fleet.ts'

export interface SignalOptions {
  /** The figures are means over so long. */
  readonly windowSeconds: number
  /** How old they are when the controller reads them: scrape, rule, adapter. */
  readonly delaySeconds: number
  /** The share of the window that must have been seen. */
  readonly minimumCoverageRatio: number
  /** What a batch takes to compute, for queue per compute. */
  readonly batchSeconds: number
}

export interface Figures {
  readonly utilizationRatio: number
  readonly queuePerCompute: number
}

/** Sums since the beginning, so that the mean of any window is one subtraction. */
interface Sums {
  readonly seenSeconds: number
  readonly busySeconds: number
  readonly observedSeconds: number
  readonly waitedSeconds: number
}

const nothing: Sums = { seenSeconds: 0, busySeconds: 0, observedSeconds: 0, waitedSeconds: 0 }

/** What Prometheus would answer: means over a window that ended a little ago. */
export class Signal {
  readonly #options: SignalOptions
  readonly #stepSeconds: number
  /** A ring, one a step: as far back as a window can begin. */
  readonly #sums: Sums[] = [nothing]
  readonly #capacity: number
  #steps = 0

  constructor(options: SignalOptions, stepSeconds: number) {
    this.#options = options
    this.#stepSeconds = stepSeconds
    const reach = Math.max(options.windowSeconds, stepSeconds) + options.delaySeconds
    this.#capacity = Math.ceil(reach / stepSeconds) + 2
  }

  /** `seen`: whether anybody watched. Must be called once a step. */
  add(slice: Slice, seen: boolean): void {
    const last = this.#sums[this.#steps % this.#capacity] ?? nothing
    const seconds = seen ? this.#stepSeconds : 0
    this.#steps += 1
    this.#sums[this.#steps % this.#capacity] = {
      seenSeconds: last.seenSeconds + seconds,
      busySeconds: last.busySeconds + (seen ? slice.busySeconds : 0),
      observedSeconds: last.observedSeconds + (seen ? slice.observedSeconds : 0),
      waitedSeconds: last.waitedSeconds + slice.waitSeconds * seconds,
    }
  }

  /** As of now. Undefined where too little of the window was seen. */
  read(): Figures | undefined {
    const { windowSeconds, delaySeconds, minimumCoverageRatio, batchSeconds } = this.#options
    const window = Math.max(windowSeconds, this.#stepSeconds)
    const end = this.#ago(delaySeconds)
    const start = this.#ago(delaySeconds + window)
    if (end === undefined) return undefined
    const from = start ?? nothing
    const seen = end.seenSeconds - from.seenSeconds
    const observed = end.observedSeconds - from.observedSeconds
    if (seen < minimumCoverageRatio * window || observed <= 0) return undefined
    return {
      utilizationRatio: (end.busySeconds - from.busySeconds) / observed,
      queuePerCompute: Math.min(
        queueCeiling,
        (end.waitedSeconds - from.waitedSeconds) / seen / batchSeconds,
      ),
    }
  }

  #ago(seconds: number): Sums | undefined {
    const step = this.#steps - Math.round(seconds / this.#stepSeconds)
    return step < 0 ? undefined : this.#sums[step % this.#capacity]
  }
}
