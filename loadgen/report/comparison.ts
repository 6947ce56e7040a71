import Table from 'cli-table3'
import { formatCount, formatDuration } from '../../core/units.ts'
import {
  compareRuns,
  type Change,
  type ChangeVerdict,
  type Comparison,
} from '../measure/compare.ts'
import type { Run } from './folder.ts'
import { wrapped } from './text.ts'

const width = 80

/** Two or more runs, the first of which is what the others are compared with. */
export interface ComparedRuns {
  readonly base: Run
  readonly others: readonly { readonly run: Run; readonly comparison: Comparison }[]
}

export function compareAll(runs: readonly [Run, ...Run[]]): ComparedRuns {
  const [base, ...others] = runs
  return { base, others: others.map((run) => ({ run, comparison: compareRuns(base, run) })) }
}

export const figureNames: Readonly<Record<Change['figure'], string>> = {
  p95: 'p95',
  p50: 'p50',
  mean: 'mean',
  errors: 'errors',
  pairs_per_second: 'pairs/s',
}

export const verdictWords: Readonly<Record<ChangeVerdict, string>> = {
  better: 'better',
  worse: 'worse',
  no_difference: 'no difference seen',
  not_known: 'not known',
}

export function figureValue({ figure }: Pick<Change, 'figure'>, value: number | null): string {
  if (value === null) return '–'
  switch (figure) {
    case 'p95':
    case 'p50':
    case 'mean':
      return formatDuration(value)
    case 'errors':
      return `${formatCount(Number((value * 100).toFixed(3)))} %`
    case 'pairs_per_second':
      return formatCount(value)
  }
}

function signed(change: Change, value: number): string {
  const text = figureValue(change, Math.abs(value))
  return `${value < 0 ? '−' : '+'}${text}`
}

/** `+1.2 ms (−0.3 ms … +3.1 ms)`. */
export function changeText(change: Change): string {
  const { difference, interval } = change
  if (difference === null) return '–'
  const bounds =
    interval === null ? '' : ` (${interval.map((bound) => signed(change, bound)).join(' … ')})`
  return signed(change, difference) + bounds
}

/** One sentence a person can repeat. */
export function comparisonSentence({ verdict, changes }: Comparison): string {
  const decisive =
    changes.find(({ figure, verdict: own }) => figure === 'errors' && own === 'worse') ?? changes[0]
  if (decisive === undefined || verdict === 'not_known') return 'whether they differ is not known'
  const name = figureNames[decisive.figure]
  const values = `${figureValue(decisive, decisive.base)} → ${figureValue(decisive, decisive.other)}`
  return `${verdictWords[verdict]}: ${name} ${values}, ${changeText(decisive)}`
}

/** For a terminal of 80 columns. */
export function formatComparison({ base, others }: ComparedRuns): string {
  const blocks = others.map(({ run, comparison }) => {
    const table = new Table({
      head: ['', 'base', 'other', 'difference (95 % interval)', 'verdict'],
      style: { head: [], border: [] },
      chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
      colWidths: [9, 10, 10, 33, 11],
      wordWrap: true,
    })
    for (const change of comparison.changes) {
      table.push([
        figureNames[change.figure],
        figureValue(change, change.base),
        figureValue(change, change.other),
        changeText(change),
        change.verdict === 'no_difference' ? 'none seen' : verdictWords[change.verdict],
      ])
    }
    return [
      `${run.folder} against ${base.folder}`,
      ...wrapped(comparisonSentence(comparison), width),
      table.toString(),
      ...comparison.notes.flatMap((note) => wrapped(`  note    ${note}`, width)),
    ].join('\n')
  })
  return `${blocks.join('\n\n')}\n`
}

export function comparisonMarkdown({ base, others }: ComparedRuns): string {
  const escaped = (text: string) => text.replaceAll(/[|<>\\`*_[\]]/g, (one) => `\\${one}`)
  const row = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`
  return others
    .map(({ run, comparison }) =>
      [
        `**${escaped(run.folder)} against ${escaped(base.folder)}: ${escaped(comparisonSentence(comparison))}**`,
        '',
        row(['', 'base', 'other', 'difference (95 % interval)', 'verdict']),
        '| --- | ---: | ---: | ---: | --- |',
        ...comparison.changes.map((change) =>
          row([
            figureNames[change.figure],
            figureValue(change, change.base),
            figureValue(change, change.other),
            changeText(change),
            verdictWords[change.verdict],
          ]),
        ),
        '',
        ...comparison.notes.map((note) => `- ${escaped(note)}`),
        '',
      ].join('\n'),
    )
    .join('\n')
}

export function comparisonJson({ base, others }: ComparedRuns): string {
  const document = {
    schema: 'rerankscope.comparison/1',
    base: { folder: base.folder, run: base.summary },
    others: others.map(({ run, comparison }) => ({
      folder: run.folder,
      run: run.summary,
      ...comparison,
    })),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
