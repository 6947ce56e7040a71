import type { Bench } from './bench-file.ts'
import { formatHtml } from './report/html/index.ts'
import { formatMarkdown } from './report/markdown.ts'

interface BenchFormat {
  /** Of the file in the folder of the comparison. */
  readonly file: string
  readonly render: (bench: Bench) => string
}

/** Every file that a comparison ends in. One more = one file and one entry here. */
export const benchFormats = [
  { file: 'bench.json', render: (bench) => `${JSON.stringify(bench, null, 2)}\n` },
  { file: 'report.md', render: formatMarkdown },
  { file: 'report.html', render: formatHtml },
] as const satisfies readonly BenchFormat[]
