import { basename } from 'node:path'
import Table from 'cli-table3'
import { formatBytes, formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import { intervalConfidence } from '../measure/percentile.ts'
import type { Summary } from '../measure/run-file.ts'
import { sloName, sloSentence } from '../measure/slo.ts'
import type { Run } from './folder.ts'

/** A row of figures that every table of runs shows. */
export interface Figure {
  readonly name: string
  readonly of: (summary: Summary) => string
}

const unknown = '–'

export const duration = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined ? unknown : formatDuration(seconds)
const count = (value: number | null): string => (value === null ? unknown : formatCount(value))
const percent = (value: number | null): string =>
  value === null ? unknown : `${value.toFixed(0)} %`

/** What the terminal and the Markdown report say of a run, in order. */
export const figures: readonly Figure[] = [
  {
    name: 'verdict',
    of: ({ validity, mode }) =>
      `${validity.valid ? 'valid' : 'INVALID'}${mode === 'saturate' ? ', saturated' : ''}`,
  },
  { name: 'SLO', of: ({ slo }) => sloOf(slo) },
  { name: 'requests', of: ({ totals }) => requestsOf(totals) },
  {
    name: 'queries/s',
    of: ({ throughput, profile, saturation }) =>
      `${count(throughput.queriesPerSecond)}${
        saturation === undefined
          ? ` of ${count(profile.queriesPerSecond)}`
          : `, ${formatCount(saturation.concurrency)} in flight`
      }`,
  },
  {
    name: 'pairs/s',
    of: ({ throughput, saturation }) =>
      `${count(throughput.pairsPerSecond)}${saturation === undefined ? '' : eachSecond(saturation)}`,
  },
  { name: 'tokens/s', of: ({ throughput }) => tokensPerSecondOf(throughput) },
  {
    name: 'p50 / p95 / p99',
    of: ({ latencySeconds: { response, service }, saturation }) =>
      (['p50', 'p95', 'p99'] as const)
        .map((name) => (saturation === undefined ? response : service)[name])
        .map(duration)
        .join(' / ') + (saturation === undefined ? '' : ' (service)'),
  },
  { name: 'p95 interval', of: ({ latencySeconds }) => intervalOf(latencySeconds.response) },
  { name: 'p95 at 10 docs', of: (summary) => duration(p95At(summary, 10)) },
  { name: 'p95 at 50 docs', of: (summary) => duration(p95At(summary, 50)) },
  { name: 'device', of: ({ gpu }) => gpu?.devices.map(({ name }) => name).join(', ') ?? unknown },
  { name: 'GPU utilisation', of: ({ gpu }) => utilizationOf(gpu) },
  { name: 'GPU p5 – p95', of: ({ gpu }) => utilizationSpreadOf(gpu) },
  { name: 'GPU memory', of: ({ gpu }) => memoryOf(gpu) },
  { name: 'pairs/s per GB', of: ({ efficiency }) => count(efficiency.pairsPerSecondPerGb) },
  { name: 'pairs/J', of: ({ efficiency }) => perJoule(efficiency.pairsPerJoule) },
  {
    name: 'dispatch lag p99',
    of: ({ validity }) => duration(validity.dispatchLagSeconds.p99),
  },
]

/** The figures that at least one run has: a row of nothing but "unknown" says nothing. */
export function figuresOf(summaries: readonly Summary[]): readonly Figure[] {
  return figures.filter(({ of }) => summaries.some((summary) => of(summary) !== unknown))
}

type Named = Pick<Run, 'summary'> & Partial<Pick<Run, 'folder'>>

/** What to call each run: its profile, and its folder where several runs have the same one. */
export function namesOf(runs: readonly Named[]): readonly string[] {
  const profiles = runs.map(({ summary }) => summary.profile.name)
  const folders = runs.map(({ folder }, at) => folder ?? profiles[at] ?? '')
  const candidates = [profiles, folders.map((folder) => basename(folder)), folders]
  return candidates.find((names) => new Set(names).size === names.length) ?? profiles
}

/**
 * One table, a column a run, as wide as a terminal of `columns` but 60 to 100 characters (80 where
 * there is no terminal); below it
 * each run's guidance, what makes it invalid and what to know about its figures, in words.
 */
export function formatRunTable(runs: readonly Named[], columns = usual): string {
  const width = Math.min(widest, Math.max(narrowest, columns))
  const summaries = runs.map(({ summary }) => summary)
  const names = namesOf(runs)
  const table = new Table({
    head: ['', ...names],
    style: { head: [], border: [] },
    // No line between rows.
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
    wordWrap: true,
    colWidths: columnWidths(summaries.length, width),
  })
  for (const { name, of } of figuresOf(summaries)) table.push([name, ...summaries.map(of)])
  const words = summaries.flatMap((one, at) => wordsOf(names[at] ?? '', one, width))
  return [table.toString(), ...words].join('\n')
}

const widest = 100
const usual = 80
const narrowest = 60
const nameWidth = 18

function columnWidths(columns: number, width: number): number[] {
  const left = width - nameWidth - 2 - columns
  return [
    nameWidth,
    ...Array.from({ length: columns }, () => Math.min(34, Math.floor(left / columns))),
  ]
}

function wordsOf(
  name: string,
  { validity, slo, guidance, notes }: Summary,
  width: number,
): readonly string[] {
  return [
    '',
    `${name}: ${guidance.state.replace('_', ' ')}. ${guidance.recommendation}`,
    ...guidance.reasons.map((reason) => `  because ${reason}`),
    ...validity.reasons.map((reason) => `  INVALID ${reason}`),
    ...slo.map((one) => `  SLO     ${one.met ? 'met' : 'MISSED'}: ${sloSentence(one)}`),
    ...notes.filter((note) => !guidance.reasons.includes(note)).map((note) => `  note    ${note}`),
  ].flatMap((line) => wrapped(line, width))
}

/** Breaks at spaces; what follows is indented. */
export function wrapped(line: string, width: number): readonly string[] {
  const lines: string[] = []
  let rest = line
  while (rest.length > width) {
    const cut = rest.lastIndexOf(' ', width)
    if (cut <= indent.length) break
    lines.push(rest.slice(0, cut))
    rest = indent + rest.slice(cut + 1)
  }
  return [...lines, rest]
}
const indent = '          '

function sloOf(slo: Summary['slo']): string {
  if (slo.length === 0) return unknown
  const missed = slo.filter(({ met }) => !met).map(sloName)
  return missed.length === 0 ? 'met' : `MISSED: ${missed.join(', ')}`
}

/** ` (980–1,020 each second)`; nothing where not even one second was whole. */
function eachSecond({ pairsEachSecond: { min, max } }: NonNullable<Summary['saturation']>): string {
  return min === null ? '' : ` (${count(min)}–${count(max)} each second)`
}

function requestsOf({ succeeded, failed, byOutcome }: Summary['totals']): string {
  const failures = Object.entries(byOutcome).filter(([outcome]) => outcome !== 'ok')
  const kinds = failures.map(([outcome, requests]) => `${formatCount(requests)} ${outcome}`)
  return `${formatCount(succeeded)} ok, ${formatCount(failed)} failed${kinds.length === 0 ? '' : ` (${kinds.join(', ')})`}`
}

export function intervalOf({
  p95Interval,
  p95IntervalConfidence,
}: Summary['latencySeconds']['response']): string {
  if (p95Interval === null || p95IntervalConfidence === null) return unknown
  const bounds = p95Interval.map(duration).join(' … ')
  return p95IntervalConfidence < intervalConfidence
    ? `${bounds} (${formatRatio(p95IntervalConfidence)})`
    : bounds
}

function p95At({ byShape }: Summary, documents: number): number | null | undefined {
  return byShape.find((shape) => shape.documents === documents)?.responseSeconds.p95
}

function utilizationOf(gpu: Summary['gpu']): string {
  const devices = gpu?.devices ?? []
  if (devices.length === 0) return unknown
  return devices
    .map(({ utilizationPercent: { mean, min, max } }) =>
      mean === null ? 'not measurable' : `${percent(mean)} (${percent(min)} – ${percent(max)})`,
    )
    .join(', ')
}

function utilizationSpreadOf(gpu: Summary['gpu']): string {
  const spreads = (gpu?.devices ?? []).map(({ utilizationPercent: { p5, p95 } }) =>
    p5 === null ? unknown : `${percent(p5)} – ${percent(p95)}`,
  )
  return spreads.length === 0 ? unknown : spreads.join(', ')
}

/** Who counted them matters: a server counts what it computed, a tokenizer what was sent. */
export function tokensPerSecondOf(throughput: Summary['throughput']): string {
  const { tokensPerSecond, tokensCountedBy } = throughput
  if (tokensPerSecond === null || tokensCountedBy === null) return unknown
  return `${formatCount(tokensPerSecond)} (${tokensCountedBy}’s count)`
}

/** Often far below 1, where two decimals would say nothing. */
export const perJoule = (value: number | null): string =>
  value === null ? unknown : value < 1 ? String(Number(value.toPrecision(2))) : formatCount(value)

function memoryOf(gpu: Summary['gpu']): string {
  const devices = gpu?.devices ?? []
  if (devices.length === 0) return unknown
  return devices
    .map(({ memoryUsedBytes: { mean } }) => (mean === null ? unknown : formatBytes(mean)))
    .join(', ')
}
