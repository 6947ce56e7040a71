/** What all captures together may hold: traffic must not decide how much memory a sidecar takes. */
export class CaptureBudget {
  readonly #maximumBytes: number
  #bytes = 0

  constructor(maximumBytes: number) {
    this.#maximumBytes = maximumBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.#maximumBytes) return false
    this.#bytes += bytes
    return true
  }

  give(bytes: number): void {
    this.#bytes -= bytes
  }
}

/** A body while it passes, all of it or nothing. */
export class Capture {
  readonly #budget: CaptureBudget
  readonly #maximumBytes: number
  #chunks: Buffer[] = []
  #bytes = 0
  #lost: boolean

  /** `maximumBytes` 0: keeps nothing. */
  constructor(budget: CaptureBudget, maximumBytes: number) {
    this.#budget = budget
    this.#maximumBytes = maximumBytes
    this.#lost = maximumBytes === 0
  }

  add(chunk: Buffer): void {
    if (this.#lost) return
    if (this.#bytes + chunk.length > this.#maximumBytes || !this.#budget.take(chunk.length)) {
      this.release()
      return
    }
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  /** Undefined: it was too much to keep. */
  bytes(): Buffer | undefined {
    return this.#lost ? undefined : Buffer.concat(this.#chunks)
  }

  /** Keeps nothing more: a body may go on after its answer, as one that was refused for its size. */
  release(): void {
    this.#lost = true
    this.#budget.give(this.#bytes)
    this.#bytes = 0
    this.#chunks = []
  }
}
