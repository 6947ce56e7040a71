/** The word that was meant, where one is near enough to be told from a mere guess. */
export function closest(word: string, words: readonly string[]): string | undefined {
  const limit = Math.max(1, Math.min(3, Math.floor(word.length / 3)))
  const [nearest] = words
    .map((each) => ({ each, away: distance(word, each) }))
    .filter(({ away }) => away <= limit)
    .sort((one, other) => one.away - other.away)
  return nearest?.each
}

/** Letters to add, drop, change or swap with their neighbour: the slips of a hand. */
function distance(from: string, to: string): number {
  const rows = [Array.from({ length: to.length + 1 }, (_, index) => index)]
  const at = (line: number, column: number) => rows[line]?.[column] ?? Infinity
  for (let line = 1; line <= from.length; line += 1) {
    rows.push([line])
    for (let column = 1; column <= to.length; column += 1) {
      const isSwap = from[line - 1] === to[column - 2] && from[line - 2] === to[column - 1]
      const least = Math.min(
        at(line - 1, column - 1) + (from[line - 1] === to[column - 1] ? 0 : 1),
        at(line - 1, column) + 1,
        at(line, column - 1) + 1,
        isSwap ? at(line - 2, column - 2) + 1 : Infinity,
      )
      rows[line]?.push(least)
    }
  }
  return at(from.length, to.length)
}
