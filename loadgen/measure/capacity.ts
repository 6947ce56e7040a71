/** What one step of the search found out about a rate. */
export interface Tried {
  readonly queriesPerSecond: number
  /** Whether the thresholds were kept at this rate. */
  readonly kept: boolean
  /** False when only the point estimate says so: its interval holds the limit. */
  readonly sure: boolean
}

export interface SearchLimits {
  readonly startRate: number
  readonly maximumRate: number
  /** The search ends when the lowest rate that missed is at most this share above the highest that kept. */
  readonly resolution: number
  readonly maximumSteps: number
}

export interface Capacity {
  /** The highest rate that kept the thresholds; null when none did. */
  readonly queriesPerSecond: number | null
  /**
   * The highest rate that surely kept and the lowest that surely missed: the capacity lies between
   * them. Null where there is none, as above a target that was never overloaded.
   */
  readonly interval: readonly [number | null, number | null]
}

/** Below this share of the first rate the target keeps nothing that is worth a search. */
const leastShare = 1 / 64
const growth = 2

/**
 * The highest rate that a target sustains: doubled while kept, halved while missed, then bisected
 * on a logarithmic scale. Pure: whoever drives it tries `next()` and tells what came of it.
 */
export class CapacitySearch {
  readonly #limits: SearchLimits
  readonly #tried: Tried[] = []

  constructor(limits: SearchLimits) {
    this.#limits = limits
  }

  /** The rate to try next; undefined when the search is over. */
  next(): number | undefined {
    const { startRate, maximumRate, resolution, maximumSteps } = this.#limits
    if (this.#tried.length >= maximumSteps) return undefined
    const [kept, missed] = this.#bracket()
    if (kept === undefined && missed === undefined) return Math.min(startRate, maximumRate)
    if (missed === undefined) {
      const rate = Math.min((kept ?? startRate) * growth, maximumRate)
      return rate > (kept ?? 0) ? rate : undefined
    }
    if (kept === undefined) {
      const rate = missed / growth
      return rate >= startRate * leastShare ? rate : undefined
    }
    return missed / kept <= 1 + resolution ? undefined : Math.sqrt(kept * missed)
  }

  record(tried: Tried): void {
    this.#tried.push(tried)
  }

  capacity(): Capacity {
    const [kept] = this.#bracket()
    const rates = (wanted: boolean) =>
      this.#tried
        .filter((one) => one.kept === wanted && one.sure)
        .map(({ queriesPerSecond }) => queriesPerSecond)
    const lower = rates(true)
    const upper = rates(false)
    return {
      queriesPerSecond: kept ?? null,
      interval: [
        lower.length === 0 ? null : Math.max(...lower),
        upper.length === 0 ? null : Math.min(...upper),
      ],
    }
  }

  /** The highest rate that kept and the lowest that missed; what is tried lies between them. */
  #bracket(): readonly [number | undefined, number | undefined] {
    const kept = this.#tried.filter((one) => one.kept).map((one) => one.queriesPerSecond)
    const missed = this.#tried.filter((one) => !one.kept).map((one) => one.queriesPerSecond)
    return [
      kept.length === 0 ? undefined : Math.max(...kept),
      missed.length === 0 ? undefined : Math.min(...missed),
    ]
  }
}
