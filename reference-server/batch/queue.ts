/** A pair that waits: which request it belongs to, its place there, its length in tokens. */
export interface QueuedPair {
  readonly request: number
  readonly index: number
  readonly tokens: number
}

export interface QueueLimits {
  /** The most tokens of a batch, padding counted: pairs × the longest of them. */
  readonly batchTokens: number
  /** The most pairs of a batch, for who wants fixed batches. Absent: what the tokens allow. */
  readonly batchPairs?: number
  /** How many waiting pairs are looked through for a batch, those of the oldest requests. */
  readonly windowPairs: number
}

/**
 * The share of a batch's tokens that may be padding. A few shorter pairs more cost less than another
 * run for them; many would cost more.
 */
const paddingShare = 1 / 8

/**
 * Decides which pairs go to the device together. Pure: no clock, no promise.
 *
 * A batch begins with the longest pair of the oldest request, so that nobody waits for ever, and goes
 * on with the pairs of the window that come next in length, the oldest request's before others': the
 * nearer the lengths, the less is padded. What rides along with older requests is done when its own
 * turn comes.
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
    if (longest === undefined) return []
    const { batchTokens, batchPairs = Infinity } = this.#limits
    const room = Math.max(1, Math.min(batchPairs, Math.floor(batchTokens / longest)))
    let padding = batchPairs === Infinity ? batchTokens * paddingShare : Infinity
    const batch: QueuedPair[] = []
    for (const pair of this.#window(longest)) {
      padding -= longest - pair.tokens
      if (batch.length === room || padding < 0) break
      batch.push(pair)
    }
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

  /** The pairs that may be looked at and are not too long, longest first; sorting keeps older ones first. */
  #window(longest: number): readonly QueuedPair[] {
    const window: QueuedPair[] = []
    for (const pairs of this.#requests.values()) {
      // Not as arguments: a request may hold more pairs than a call can.
      for (const pair of pairs) window.push(pair)
      if (window.length >= this.#limits.windowPairs) break
    }
    return window.filter(({ tokens }) => tokens <= longest).sort((a, b) => b.tokens - a.tokens)
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
