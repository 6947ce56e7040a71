import {
  comparisonJson,
  comparisonMarkdown,
  formatComparison,
  type ComparedRuns,
} from './comparison.ts'
import { renderComparison } from './html/index.ts'

export interface ComparisonFormat {
  readonly name: string
  readonly summary: string
  readonly render: (compared: ComparedRuns) => string
}

/** Every format of a comparison. One more = one file and one entry here. */
export const comparisonFormats: readonly ComparisonFormat[] = [
  { name: 'text', summary: 'a table for the terminal', render: formatComparison },
  { name: 'markdown', summary: 'a table for a pull request', render: comparisonMarkdown },
  { name: 'json', summary: 'schema rerankscope.comparison/1', render: comparisonJson },
  { name: 'html', summary: 'one page that needs no other file', render: renderComparison },
]
