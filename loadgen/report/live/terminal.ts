/** Lines at the bottom of a terminal that are drawn again in place. */
export class LiveTerminal {
  readonly #stream: NodeJS.WriteStream
  #drawn: readonly string[] = []
  /** Also when the process is ended in the middle of it: a terminal without a cursor is a broken one. */
  readonly #restore = () => {
    this.#stream.write(showCursor)
  }

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream
  }

  /** No line may be as wide as the terminal. One write, so that nothing flickers. */
  draw(lines: readonly string[]): void {
    if (this.#drawn.length === 0) process.once('exit', this.#restore)
    // Each line is erased to its end after it is written: between two writes none is ever blank.
    const text = lines.map((line) => `${line}${eraseRight}`).join('\n')
    this.#stream.write(`${hideCursor}${this.#home()}${text}${eraseBelow}`)
    this.#drawn = lines
  }

  /** Takes the lines away and gives the cursor back. */
  end(): void {
    if (this.#drawn.length === 0) return
    this.#stream.write(`${this.#home()}${eraseBelow}${showCursor}`)
    this.#drawn = []
    process.removeListener('exit', this.#restore)
  }

  /** To the first column of the first line: a terminal that became narrower has broken lines in two. */
  #home(): string {
    const columns = Math.max(1, this.#stream.columns)
    const rows = this.#drawn.reduce(
      (sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)),
      0,
    )
    return rows > 1 ? `\r\u001b[${String(rows - 1)}A` : '\r'
  }
}

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const eraseRight = '\u001b[K'
const eraseBelow = '\u001b[J'

// eslint-disable-next-line no-control-regex -- that is what colours are made of
const widthOf = (line: string): number => line.replaceAll(/\u001b\[\d+m/g, '').length
