/**
 * Cuts chunks of text into lines in bounded memory: a line longer than `maximumLength` is left out
 * and counted, however long it goes on.
 */
export class LineSplitter {
  readonly #maximumLength: number
  #rest = ''
  #overlong = false
  #dropped = 0

  constructor(maximumLength: number) {
    this.#maximumLength = maximumLength
  }

  get droppedLines(): number {
    return this.#dropped
  }

  /** The lines that `chunk` completes, without their ends. */
  push(chunk: string): readonly string[] {
    const pieces = chunk.split('\n')
    const open = pieces.pop() ?? ''
    const lines: string[] = []
    for (const piece of pieces) {
      this.#append(piece)
      if (!this.#overlong)
        lines.push(this.#rest.endsWith('\r') ? this.#rest.slice(0, -1) : this.#rest)
      this.#rest = ''
      this.#overlong = false
    }
    this.#append(open)
    return lines
  }

  #append(piece: string): void {
    if (this.#overlong) return
    if (this.#rest.length + piece.length > this.#maximumLength) {
      this.#overlong = true
      this.#dropped += 1
      this.#rest = ''
    } else {
      this.#rest += piece
    }
  }
}
