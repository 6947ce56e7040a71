/** Markdown that is written by programs into pages that people write. */

/** `<!-- generated:NAME -->`, what stands between, `<!-- /generated -->`. */
const section = /(<!-- generated:([^ ]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g

export function hasSections(page: string): boolean {
  return page.search(section) >= 0
}

/** The page with every marked part written anew by `write`; a page without marks as it is. */
export function fillSections(page: string, write: (name: string) => string): string {
  return page.replace(
    section,
    (_, opening: string, name: string, closing: string) => `${opening}\n${write(name)}\n${closing}`,
  )
}

/** A table with padded columns, the way prettier would print it, so that pages stay formatted. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const cells = [head, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')))
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => columnsOf(row[at] ?? ''))))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, at) => padded(row[at] ?? '', width)).join(' | ')} |`
  const [first, ...rest] = cells.map(line)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return `${[first, rule, ...rest].join('\n')}\n`
}

/** Chinese characters and full-width punctuation take two columns. */
function columnsOf(text: string): number {
  return text.length + (text.match(/[\p{Script=Han}\u3000-\u303f\uff00-\uff60]/gu)?.length ?? 0)
}

function padded(text: string, columns: number): string {
  return text + ' '.repeat(columns - columnsOf(text))
}
