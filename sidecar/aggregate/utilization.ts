import type { UtilizationWindow } from '../../core/guidance.ts'

const maximumSlots = 3600

/** A history for each window that is asked for, so that a long one does not blur a short one. */
export class UtilizationWindows {
  readonly #histories: ReadonlyMap<number, UtilizationHistory>

  constructor(windows: readonly number[], intervalSeconds: number) {
    this.#histories = new Map(
      windows.map((seconds) => [seconds, new UtilizationHistory(seconds, intervalSeconds)]),
    )
  }

  /** As `UtilizationHistory.add`. */
  add(from: number, to: number, ratio: number): void {
    for (const history of this.#histories.values()) history.add(from, to, ratio)
  }

  /** Of one of the windows that were named; of another, nothing is known. */
  window(windowSeconds: number, now: number): UtilizationWindow {
    return (
      this.#histories.get(windowSeconds)?.window(windowSeconds, now) ?? {
        observedSeconds: 0,
        meanRatio: undefined,
      }
    )
  }
}

/**
 * The utilisation of the last so many seconds, in memory that is fixed at the start: time is cut
 * into slots, and a slot holds sums. A window that begins inside a slot takes its share of it.
 */
export class UtilizationHistory {
  readonly #slotSeconds: number
  /** The slot number that each place of the ring holds now. */
  readonly #numbers: Float64Array
  /** GPU-seconds: busy, and observed at all. */
  readonly #busy: Float64Array
  readonly #gpuObserved: Float64Array
  /** Seconds in which at least one GPU was observed. */
  readonly #observed: Float64Array
  #observedUntil = -Infinity

  /** `spanSeconds` is the longest window that will be asked for. */
  constructor(spanSeconds: number, intervalSeconds: number) {
    this.#slotSeconds = Math.max(intervalSeconds, spanSeconds / (maximumSlots - 1))
    const slots = Math.ceil(spanSeconds / this.#slotSeconds) + 1
    this.#numbers = new Float64Array(slots).fill(Number.NaN)
    this.#busy = new Float64Array(slots)
    this.#gpuObserved = new Float64Array(slots)
    this.#observed = new Float64Array(slots)
  }

  /** One GPU was busy for `ratio` of the time from `from` to `to`, in monotonic seconds. */
  add(from: number, to: number, ratio: number): void {
    const width = this.#slotSeconds
    const newFrom = Math.max(from, this.#observedUntil)
    const earliest = Math.max(from, to - width * this.#numbers.length)
    for (let number = Math.floor(earliest / width); number * width < to; number += 1) {
      const place = this.#placeOf(number)
      if (place === undefined) continue
      const overlap = (start: number) =>
        Math.max(0, Math.min(to, (number + 1) * width) - Math.max(start, number * width))
      this.#busy[place] = (this.#busy[place] ?? 0) + ratio * overlap(from)
      this.#gpuObserved[place] = (this.#gpuObserved[place] ?? 0) + overlap(from)
      this.#observed[place] = (this.#observed[place] ?? 0) + overlap(newFrom)
    }
    this.#observedUntil = Math.max(this.#observedUntil, to)
  }

  /** The window of `windowSeconds` that ends at `now`: the mean over GPUs and time. */
  window(windowSeconds: number, now: number): UtilizationWindow {
    const begin = now - windowSeconds
    let busy = 0
    let gpuObserved = 0
    let observedSeconds = 0
    // Without an iterator, which would make garbage for each of 2,000 slots a second.
    for (let place = 0; place < this.#numbers.length; place += 1) {
      const start = (this.#numbers[place] ?? Number.NaN) * this.#slotSeconds
      const end = start + this.#slotSeconds
      if (!(end > begin && start < now)) continue
      const share = Math.min(1, (end - begin) / this.#slotSeconds)
      busy += share * (this.#busy[place] ?? 0)
      gpuObserved += share * (this.#gpuObserved[place] ?? 0)
      observedSeconds += share * (this.#observed[place] ?? 0)
    }
    return { observedSeconds, meanRatio: gpuObserved === 0 ? undefined : busy / gpuObserved }
  }

  /** The ring's place of a slot, cleared if it held an older one; undefined for a slot too old to keep. */
  #placeOf(number: number): number | undefined {
    const place = number % this.#numbers.length
    const held = this.#numbers[place] ?? Number.NaN
    if (held > number) return undefined
    if (held !== number) {
      this.#numbers[place] = number
      this.#busy[place] = 0
      this.#gpuObserved[place] = 0
      this.#observed[place] = 0
    }
    return place
  }
}
