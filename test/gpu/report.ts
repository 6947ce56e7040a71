import type { Measured, Row } from './measure.ts'

export interface Engine {
  /** As the table calls it: `packed fp16`, `PyTorch fp16, compiled`. */
  readonly name: string
  readonly model: string
  readonly rows: readonly Row[]
}

const columns = [
  ...['Model', 'Engine', 'Queries × documents', 'Max length', 'Pairs/s', 'Tokens/s', 'p95'],
  ...['GPU', 'VRAM', 'Power'],
]
const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`

/** What stands above the rows, as Markdown. */
export const tableHead = [columns, columns.map((_, at) => (at < 3 ? '---' : '---:'))]
  .map(line)
  .join('\n')

/** One row a workload; what is unknown is empty. */
export function rowsOf({ name, model, rows }: Engine): string {
  return rows
    .map((row) => [
      ...[model, name, `${String(row.queries)} × ${String(row.documents)}`],
      ...[String(row.maximumTokens), round(row.pairsPerSecond), round(row.tokensPerSecond)],
      `${(row.p95Seconds * 1000).toFixed(1)} ms`,
      row.utilizationPercent === undefined ? '' : `${round(row.utilizationPercent)} %`,
      row.memoryMib === undefined ? '' : `${round(row.memoryMib)} MiB`,
      row.powerWatts === undefined ? '' : `${round(row.powerWatts)} W`,
    ])
    .map(line)
    .join('\n')
}

/** How far two graphs of one model are apart, as scores from 0 to 1 and against the logits' own spread. */
export function compare(
  a: Measured,
  b: Measured,
): { readonly score: number; readonly spread: number } {
  if (a.logits.length === 0 || a.logits.length !== b.logits.length) {
    throw new Error('two graphs gave different numbers of logits')
  }
  const sigmoid = (logit: number) => 1 / (1 + Math.exp(-logit))
  const mean = a.logits.reduce((sum, logit) => sum + logit, 0) / a.logits.length
  const squares = a.logits.reduce((sum, logit) => sum + (logit - mean) ** 2, 0)
  return {
    score: Math.max(
      ...a.logits.map((logit, at) => Math.abs(sigmoid(logit) - sigmoid(b.logits[at] ?? NaN))),
    ),
    spread: Math.sqrt(squares / a.logits.length),
  }
}

function round(value: number): string {
  return Math.round(value).toLocaleString('en-US')
}
