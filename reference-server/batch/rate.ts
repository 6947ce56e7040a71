/** What the devices did in one second of the window. */
interface Second {
  readonly second: number
  pairs: number
  busySeconds: number
}

const longestWaitSeconds = 60

/**
 * How fast the devices score, from what they did lately. Measured over the time in which they
 * computed, not over the wall clock: a server that was idle until now is no slower for it. Pure: time
 * is an argument. Holds one entry a second at most, however much is done.
 */
export class RecentRate {
  readonly #windowSeconds: number
  #seconds: Second[] = []

  constructor(windowSeconds = 30) {
    this.#windowSeconds = windowSeconds
  }

  observe(nowSeconds: number, pairs: number, busySeconds: number): void {
    const second = Math.floor(nowSeconds)
    const last = this.#seconds.at(-1)
    if (last?.second !== second) {
      this.#forget(nowSeconds)
      this.#seconds.push({ second, pairs, busySeconds })
      return
    }
    last.pairs += pairs
    last.busySeconds += busySeconds
  }

  /** Pairs that one device scores in a second of computing; undefined when nothing was done lately. */
  pairsPerSecond(nowSeconds: number): number | undefined {
    this.#forget(nowSeconds)
    const busySeconds = this.#seconds.reduce((sum, one) => sum + one.busySeconds, 0)
    if (busySeconds <= 0) return undefined
    return this.#seconds.reduce((sum, one) => sum + one.pairs, 0) / busySeconds
  }

  /**
   * In how many whole seconds `devices` will have scored `pairs`: 1 to 60, and 1 when the rate is not
   * known, because the server may be free again at once.
   */
  secondsFor(pairs: number, devices: number, nowSeconds: number): number {
    const rate = (this.pairsPerSecond(nowSeconds) ?? Infinity) * Math.max(1, devices)
    return Math.min(longestWaitSeconds, Math.max(1, Math.ceil(pairs / rate)))
  }

  #forget(nowSeconds: number): void {
    const oldest = nowSeconds - this.#windowSeconds
    this.#seconds = this.#seconds.filter(({ second }) => second + 1 > oldest)
  }
}
