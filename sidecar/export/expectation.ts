/** Those who come together, as two scrapers of one job, count once. */
const togetherSeconds = 0.1

/**
 * When something that comes regularly will come next: as long after the last time as that was after
 * the one before. Two scrapers are expected at the shorter of their gaps now and the longer then, which
 * costs a render too many and no answer.
 */
export class Expectation {
  #lastSeconds: number | undefined
  #gapSeconds: number | undefined

  came(nowSeconds: number): void {
    const gap = this.#lastSeconds === undefined ? undefined : nowSeconds - this.#lastSeconds
    if (gap !== undefined && gap < togetherSeconds) return
    this.#gapSeconds = gap
    this.#lastSeconds = nowSeconds
  }

  /** Whether it is due before `seconds` have passed. What is a whole gap late is not expected any more. */
  within(seconds: number, nowSeconds: number): boolean {
    const [last, gap] = [this.#lastSeconds, this.#gapSeconds]
    if (last === undefined || gap === undefined) return false
    return nowSeconds + seconds >= last + gap && nowSeconds <= last + 2 * gap
  }
}
