import { markdownTable } from '../../core/markdown.ts'
import type { Bench } from '../bench-file.ts'
import type { Table } from './table.ts'
import { tablesOf } from './tables.ts'
import { verdictSentences } from './verdicts.ts'

/** The report as Markdown: the verdict, the tables, and why figures are missing. */
export function formatMarkdown(bench: Bench): string {
  const reasons = bench.rows.flatMap(({ target, reasons: own }) =>
    own.map((reason) => `- ${escaped(`${target}: ${reason}`)}`),
  )
  return [
    `# ${escaped(bench.name)}`,
    '',
    ...verdictSentences(bench).map(escaped),
    '',
    ...tablesOf(bench).flatMap(sectionOf),
    ...(reasons.length === 0 ? [] : ['## Why figures are missing or doubtful', '', ...reasons, '']),
  ].join('\n')
}

function sectionOf({ title, head, rows, notes }: Table): readonly string[] {
  return [
    `## ${title}`,
    '',
    markdownTable(
      head,
      rows.map((row) => row.map(escaped)),
    ),
    ...notes.map((note) => `- ${escaped(note)}`),
    ...(notes.length === 0 ? [] : ['']),
  ]
}

/** Nothing in a cell may become markup. */
function escaped(text: string): string {
  return text.replaceAll(/[<>\\`*_[\]]/g, (character) => `\\${character}`)
}
