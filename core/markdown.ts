/** Markdown that is written by programs into pages that people write. */

/** `<!-- generated:NAME -->`, what stands between, `<!-- /generated -->`. */
const section = /(<!-- generated:([a-z]+) -->\n)[\s\S]*?(<!-- \/generated -->)/g

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
  const widths = head.map((_, at) => Math.max(3, ...cells.map((row) => (row[at] ?? '').length)))
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, at) => (row[at] ?? '').padEnd(width)).join(' | ')} |`
  const [first, ...rest] = cells.map(line)
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return `${[first, rule, ...rest].join('\n')}\n`
}
