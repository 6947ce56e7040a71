import { Random } from './random.ts'

/**
 * A seeded sample of a stream whose length nobody knows: the keys whose hash is smallest. The order
 * of the stream does not matter, and no more than twice the wanted number is ever held.
 */
export class Sample<T> {
  readonly #seed: number
  readonly #wanted: number
  #held: { readonly rank: number; readonly at: number; readonly value: T }[] = []
  #threshold = Infinity
  #offered = 0

  constructor(seed: number, wanted: number) {
    this.#seed = seed
    this.#wanted = wanted
  }

  /** `value` is made only when the key may be in the sample. A key must be offered once. */
  offer(key: string, value: () => T): void {
    const rank = new Random(this.#seed, `sample/${key}`).next()
    const at = this.#offered
    this.#offered += 1
    if (rank >= this.#threshold) return
    this.#held.push({ rank, at, value: value() })
    if (this.#held.length >= 2 * this.#wanted) this.#cut()
  }

  /** In the order in which they came. */
  values(): readonly T[] {
    this.#cut()
    return [...this.#held].sort((a, b) => a.at - b.at).map(({ value }) => value)
  }

  #cut(): void {
    this.#held.sort((a, b) => a.rank - b.rank || a.at - b.at)
    this.#held = this.#held.slice(0, this.#wanted)
    if (this.#held.length === this.#wanted) this.#threshold = this.#held.at(-1)?.rank ?? Infinity
  }
}
