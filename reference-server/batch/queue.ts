/** A pair that waits: which request it belongs to, its place there, its length in tokens. */
export interface QueuedPair {
  readonly request: number
  readonly index: number
  readonly tokens: number
}

export interface QueueLimits {
  /** The most tokens of a batch, padding counted: pairs × the longest of them. */
  readonly batchTokens: number
  /** How many pairs behind the oldest request are looked through for fillers. */
  readonly windowPairs: number
}

/**
 * Decides which pairs go to the device together. Pure: no clock, no promise.
 *
 * The oldest request goes first and whole, longest pairs first, because a request is done only
 * when its last pair is. What room a batch has left is filled with the longest pairs of younger
 * requests that do not lengthen it, so that padding stays low and nobody overtakes by much.
 */
export class BatchQueue {
  readonly #limits: QueueLimits
  /** In order of arrival; each request's pairs, longest first. */
  readonly #requests = new Map<number, QueuedPair[]>()
  #pairs = 0

  constructor(limits: QueueLimits) {
    this.#limits = limits
  }

  /** Pairs that wait. */
  get pairs(): number {
    return this.#pairs
  }

  /** `request` must be new; `tokens[i]` is the length of its pair i. */
  add(request: number, tokens: readonly number[]): void {
    const pairs = tokens.map((count, index) => ({ request, index, tokens: count }))
    pairs.sort((a, b) => b.tokens - a.tokens)
    if (pairs.length > 0) this.#requests.set(request, pairs)
    this.#pairs += pairs.length
  }

  /** The next batch, at least one pair while any waits: a pair longer than the budget goes alone. */
  next(): readonly QueuedPair[] {
    const [oldest] = this.#requests.values()
    const longest = oldest?.[0]?.tokens
    if (oldest === undefined || longest === undefined) return []
    const room = Math.max(1, Math.floor(this.#limits.batchTokens / longest))
    const own = oldest.slice(0, room)
    const batch = [...own, ...this.#fillers(longest, room - own.length)]
    this.#take(batch)
    return batch
  }

  /** Forgets what still waits of a request; returns how many pairs that were. */
  drop(request: number): number {
    const dropped = this.#requests.get(request)?.length ?? 0
    this.#requests.delete(request)
    this.#pairs -= dropped
    return dropped
  }

  #fillers(longest: number, room: number): readonly QueuedPair[] {
    if (room <= 0) return []
    const window: QueuedPair[] = []
    for (const [at, pairs] of [...this.#requests.values()].entries()) {
      if (at === 0) continue
      window.push(...pairs)
      if (window.length >= this.#limits.windowPairs) break
    }
    return window
      .filter(({ tokens }) => tokens <= longest)
      .sort((a, b) => b.tokens - a.tokens)
      .slice(0, room)
  }

  #take(batch: readonly QueuedPair[]): void {
    const taken = new Set(batch)
    for (const request of new Set(batch.map((pair) => pair.request))) {
      const left = (this.#requests.get(request) ?? []).filter((pair) => !taken.has(pair))
      if (left.length === 0) this.#requests.delete(request)
      else this.#requests.set(request, left)
    }
    this.#pairs -= batch.length
  }
}
