import type { Run } from './folder.ts'
import { sloSentence } from '../measure/slo.ts'
import { lengthGridOf, rangeName } from './lengths.ts'
import { duration, figuresOf, namesOf } from './text.ts'

/** A Markdown table, a column a run, and each run's guidance and notes below. */
export function formatMarkdown(runs: readonly Run[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`
  const summaries = runs.map(({ summary }) => summary)
  const names = namesOf(runs)
  const head = ['', ...names]
  return [
    row(head),
    row(head.map((_, at) => (at === 0 ? '---' : '---:'))),
    ...figuresOf(summaries).map(({ name, of }) => row([name, ...summaries.map(of)])),
    ...summaries.flatMap(({ guidance, validity, slo, notes }, at) => [
      '',
      `**${escaped(names[at] ?? '')}: ${guidance.state.replace('_', ' ')}.** ${escaped(guidance.recommendation)}`,
      '',
      ...[
        ...guidance.reasons,
        ...validity.reasons.map((reason) => `INVALID: ${reason}`),
        ...slo.map((one) => `SLO ${one.met ? 'met' : 'MISSED'}: ${sloSentence(one)}`),
        ...notes.filter((note) => !guidance.reasons.includes(note)),
      ].map((reason) => `- ${escaped(reason)}`),
    ]),
    ...summaries.flatMap((summary, at) => lengthsOf(names[at] ?? '', summary, row)),
    '',
  ].join('\n')
}

/** A table of its own a run: p50 / p95 (requests) of each combination. */
function lengthsOf(
  name: string,
  summary: Run['summary'],
  row: (cells: readonly string[]) => string,
): readonly string[] {
  const grid = lengthGridOf(summary)
  if (grid === undefined) return []
  return [
    '',
    `**${escaped(name)}: p50 / p95 (requests) by ${grid.title}**`,
    '',
    row(['documents', ...grid.columns.map(rangeName)]),
    row(['---:', ...grid.columns.map(() => '---:')]),
    ...grid.rows.map(({ documents, cells }) =>
      row([
        rangeName(documents),
        ...cells.map((cell) =>
          cell === undefined
            ? ''
            : `${duration(cell.responseSeconds.p50)} / ${duration(cell.responseSeconds.p95)} (${String(cell.requests)})`,
        ),
      ]),
    ),
  ]
}

/** A cell must not end early, and nothing in it may become markup. */
function escaped(text: string): string {
  return text.replaceAll(/[|<>\\`*_[\]]/g, (character) => `\\${character}`)
}
