import type { Command } from './command.ts'

/**
 * A page of yargs with the examples below it, each a line to copy. yargs has them in two columns, in
 * which a command line of any length falls into pieces.
 */
export function helpPage(
  page: string,
  command: Command | undefined,
  argv: readonly string[],
  width: number,
): string {
  const asksForHelp = argv.includes('--help') || argv.includes('-h')
  if (command === undefined || !asksForHelp) return page
  const examples = command.examples.map(
    ([line, does]) =>
      `  # ${wrap(does, width - 4).join('\n  # ')}\n  ${wrap(`rerankscope ${line}`, width - 2, / (?=--?\w)/).join(' \\\n    ')}`,
  )
  return `${page}\n\nExamples:\n${examples.join('\n')}`
}

/** Lines of at most so many characters, broken between words, or only where `between` matches. */
function wrap(text: string, width: number, between = / /): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(between)) {
    const line = lines.at(-1)
    // Two for the ` \` of a line that goes on.
    if (line === undefined || line.length + 1 + word.length + 2 > width) lines.push(word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}
