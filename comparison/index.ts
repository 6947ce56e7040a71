/** The front door of the comparison: what the commands use. */
export { article } from './article.ts'
export { benchOf } from './bench.ts'
export { benchSchema, type Bench } from './bench-file.ts'
export { cards } from './cards.ts'
export { pendingOf, visitsOf, type Cell, type Visit } from './cells.ts'
export type { Constraints } from './decision.ts'
export { dimensions } from './dimensions.ts'
export { scoredArticle } from './figures.ts'
export { benchFormats } from './formats.ts'
export { formatMarkdown } from './report/markdown.ts'
export {
  encodeCellRecord,
  readJournal,
  type CellRecord,
  type MemoryFacts,
  type QualityFacts,
} from './journal.ts'
export { parseMatrix, type Matrix, type Target } from './matrix.ts'
export { qualityOf, type Judged } from './quality.ts'
export { loadVerdict } from './reasons.ts'
export type { CellResult, UtilizationPoint } from './results.ts'
export { runFactsSchema } from './run-file.ts'
export { estimatedSeconds, remainingSeconds } from './schedule.ts'
export { benchTests, testNamed } from './tests.ts'
