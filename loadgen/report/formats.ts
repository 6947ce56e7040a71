import type { Run } from './folder.ts'
import { formatCsv } from './csv.ts'
import { renderHtml } from './html/index.ts'
import { formatJunit } from './junit.ts'
import { formatLengths } from './lengths.ts'
import { formatMarkdown } from './markdown.ts'
import { formatRunTable, namesOf } from './text.ts'

export interface ReportFormat {
  readonly name: string
  readonly summary: string
  /** Any number of runs, at least one; for a terminal of `columns`, where there is one. */
  readonly render: (runs: readonly Run[], columns?: number) => string
}

/** Every report format. One more = one file and one entry here. */
export const reportFormats: readonly ReportFormat[] = [
  {
    name: 'text',
    summary: 'a table for the terminal',
    render: (runs, columns) =>
      [
        formatRunTable(runs, columns),
        ...runs.flatMap(({ summary }, at) => formatLengths(namesOf(runs)[at] ?? '', summary)),
        '',
      ].join('\n'),
  },
  { name: 'markdown', summary: 'a table for a pull request', render: formatMarkdown },
  {
    name: 'json',
    summary: 'run.json of one run, a list of several',
    render: (runs) => {
      const summaries = runs.map(({ summary }) => summary)
      return `${JSON.stringify(summaries.length === 1 ? summaries[0] : summaries, null, 2)}\n`
    },
  },
  { name: 'csv', summary: 'a line a figure, for a spreadsheet', render: formatCsv },
  { name: 'junit', summary: 'validity and thresholds as test cases, for CI', render: formatJunit },
  { name: 'html', summary: 'one page that needs no other file', render: renderHtml },
]
