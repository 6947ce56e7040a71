/**
 * A small seeded generator (sfc32): the same seed and stream give the same numbers on every machine
 * and every Node version, which Math.random cannot promise. Not for secrets.
 */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  /** Streams of one seed are independent: drawing more in one does not move another. */
  constructor(seed: number, stream: string) {
    let hash = 0x811c9dc5
    for (const character of `${String(seed)}/${stream}`) {
      hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193)
    }
    this.#a = hash >>> 0
    this.#b = Math.imul(hash, 0x9e3779b9) >>> 0
    this.#c = Math.imul(hash ^ 0x85ebca6b, 0xc2b2ae35) >>> 0
    // The first numbers of neighbouring seeds resemble each other.
    for (let round = 0; round < 15; round += 1) this.next()
  }

  /** Uniform in [0, 1). */
  next(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return (sum >>> 0) / 2 ** 32
  }

  /** Uniform over 0 … limit − 1. */
  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  pick<T>(from: readonly T[]): T {
    const picked = from[this.below(from.length)]
    if (picked === undefined)
      throw new Error('Cannot pick from nothing. This is a bug in rerankscope.')
    return picked
  }

  /** A shuffled copy. */
  shuffled<T>(from: readonly T[]): T[] {
    const copy = [...from]
    for (let at = copy.length - 1; at > 0; at -= 1) {
      const other = this.below(at + 1)
      const held = copy[at] as T
      copy[at] = copy[other] as T
      copy[other] = held
    }
    return copy
  }

  /** A log-normal number of the given mean; `sigma` is the spread of its logarithm. */
  logNormal(mean: number, sigma: number): number {
    return Math.exp(Math.log(mean) - sigma ** 2 / 2 + sigma * this.#normal())
  }

  /** A gamma number of that shape and scale 1, so of mean `shape` (Marsaglia and Tsang 2000). */
  gamma(shape: number): number {
    if (shape === 1) return -Math.log(1 - this.next())
    if (shape < 1) return this.gamma(shape + 1) * (1 - this.next()) ** (1 / shape)
    const d = shape - 1 / 3
    for (;;) {
      const normal = this.#normal()
      const cube = (1 + normal / Math.sqrt(9 * d)) ** 3
      if (cube <= 0) continue
      const accepted = normal ** 2 / 2 + d - d * cube + d * Math.log(cube)
      if (Math.log(1 - this.next()) < accepted) return d * cube
    }
  }

  #normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()))
    return radius * Math.cos(2 * Math.PI * this.next())
  }
}
