import Table from 'cli-table3'
import { formatSpan } from '../../../core/units.ts'
import type { ReplicaChange, Sample, Simulated } from '../simulate/tally.ts'
import type { Comparison } from './json.ts'

/** The figures of a form, for tables here and in the page. */
export const figures: readonly {
  readonly name: string
  readonly of: (result: Simulated) => string
}[] = [
  { name: 'form', of: ({ form }) => form },
  { name: 'changes', of: ({ changes }) => String(changes.length) },
  { name: 'direction changes', of: ({ directionChanges }) => String(directionChanges) },
  { name: 'overload', of: ({ overloadSeconds }) => formatSpan(overloadSeconds) },
  { name: 'GPU-hours', of: ({ gpuHours }) => gpuHours.toFixed(1) },
  {
    name: 'replicas',
    of: ({ replicas: { min, max, mean } }) =>
      min === max ? String(min) : `${String(min)} – ${String(max)}, mean ${mean.toFixed(1)}`,
  },
]

const narrowestText = 60
const narrowestChart = 20
const widestChart = 96
const levels = ' ▁▂▃▄▅▆▇█'
/** More changes than a person reads. */
const changesShown = 12

/** Table, chart and changes for a terminal of so many columns. */
export function renderText(comparison: Comparison, columns = 80): string {
  const { load, results, options, notes } = comparison
  const table = new Table({
    // One below the other: the table is to fit 80 columns.
    head: figures.map(({ name }) => name.replace(' ', '\n')),
    colAligns: figures.map((_, at) => (at === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  })
  for (const result of results) table.push(figures.map(({ of }) => of(result)))
  const width = Math.max(narrowestText, columns)
  const from = `${String(options.minReplicas)} to ${String(options.maxReplicas)} replicas`
  return [
    `${load.name}, ${clock(options.seconds)}, ${from}, ${formatSpan(options.startSeconds)} to start one`,
    '',
    table.toString(),
    '',
    ...chartLines(comparison, columns),
    '',
    ...results.flatMap(({ form, changes }) =>
      wrapped(`${form}: ${changesText(changes)}`, width, '  '),
    ),
    ...notes.flatMap((note) => ['', ...wrapped(note, width)]),
    '',
  ].join('\n')
}

/** The load, and the replicas of each form under it, as bars over the same time. */
function chartLines({ results, options }: Comparison, columns: number): readonly string[] {
  const label = Math.max(4, ...results.map(({ form }) => form.length)) + 2
  const room = Math.min(widestChart, Math.max(narrowestChart, columns - label - 8))
  const top = Math.max(
    1,
    ...results.flatMap(({ replicas, samples }) => [
      replicas.max,
      ...samples.map(({ demand }) => demand),
    ]),
  )
  const bar = (samples: readonly Sample[], of: (sample: Sample) => number) =>
    Array.from({ length: room }, (_, at) => {
      const [start, end] = [at, at + 1].map((edge) => (edge * options.seconds) / room)
      const within = samples.filter(
        ({ atSeconds }) => atSeconds >= (start ?? 0) && atSeconds < (end ?? 0),
      )
      // Of few samples, each stands until the next.
      const before = samples.findLast(({ atSeconds }) => atSeconds < (start ?? 0))
      const shown = within.length > 0 ? within : before === undefined ? [] : [before]
      const most = Math.max(0, ...shown.map(of))
      return levels[Math.ceil((most / top) * (levels.length - 1))] ?? ' '
    }).join('')
  const row = (name: string, text: string, most: number) =>
    `${name.padEnd(label)}${text}  ${String(Number(most.toFixed(2)))}`
  const [first] = results
  const demands = first?.samples ?? []
  return [
    row(
      'load',
      bar(demands, ({ demand }) => demand),
      Math.max(...demands.map((one) => one.demand)),
    ),
    ...results.map(({ form, samples, replicas }) =>
      row(
        form,
        bar(samples, (sample) => sample.replicas),
        replicas.max,
      ),
    ),
    `${' '.repeat(label)}0${clock(options.seconds).padStart(room - 1)}  most`,
  ]
}

function changesText(changes: readonly ReplicaChange[]): string {
  if (changes.length === 0) return 'no change'
  const shown = changes
    .slice(0, changesShown)
    .map(({ atSeconds, from, to }) => `${clock(atSeconds)} ${String(from)}→${String(to)}`)
  const more = changes.length - shown.length
  return shown.join(', ') + (more > 0 ? `, and ${String(more)} more (--json has all)` : '')
}

/** Broken between words. */
function wrapped(text: string, width: number, indent = ''): readonly string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const line = lines.at(-1)
    if (line === undefined) lines.push(word)
    else if (line.length + 1 + word.length > width) lines.push(indent + word)
    else lines[lines.length - 1] = `${line} ${word}`
  }
  return lines
}

/** 3661 → 1:01:01. */
export function clock(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  return `${String(Math.floor(seconds / 3600))}:${two((seconds % 3600) / 60)}:${two(seconds % 60)}`
}
