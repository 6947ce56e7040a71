import { articleRow } from '../article.ts'
import type { Bench } from '../bench-file.ts'
import { dimensions } from '../dimensions.ts'
import { ranksByChance } from '../quality.ts'
import { bytesPerGb, formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import { score, unknown } from './cells.ts'
import type { Table } from './table.ts'

/** What a reader should know first, in a sentence or three. */
export function verdictSentences(bench: Bench): readonly string[] {
  const { scores, decision, cells, emulated, rows } = bench
  const useless = rows.filter(ranksByChance).map(({ target }) => target)
  const ranked = scores
    .flatMap(({ target, total, weightShare }) =>
      total === null ? [] : [{ target, total, weightShare }],
    )
    .sort((a, b) => b.total - a.total)
  const [first, ...others] = ranked
  const number = (state: string) => cells.filter((cell) => cell.state === state).length
  const [failed, invalid, pending] = [number('failed'), number('invalid'), number('pending')]
  return [
    ...(decision === null ? [] : [decisionSentence(decision)]),
    first === undefined ? 'No target has a score.' : rankedSentence(first, others),
    ...(useless.length === 0
      ? []
      : [
          `Little better than chance in quality, so no choice however fast: ${useless.join(', ')}.`,
        ]),
    ...(emulated ? ['There is no GPU behind these figures: devices are emulated on the CPU.'] : []),
    ...(failed === 0
      ? []
      : [
          `${formatCount(failed)} of ${formatCount(cells.length)} cells failed; the reasons stand below.`,
        ]),
    ...(invalid === 0
      ? []
      : [
          `${formatCount(invalid)} of ${formatCount(cells.length)} cells are INVALID: the load generator could not do its part there.`,
        ]),
    ...(pending === 0
      ? []
      : [
          `NOT COMPLETE: ${formatCount(pending)} of ${formatCount(cells.length)} cells are not measured yet.`,
        ]),
  ]
}

interface Ranked {
  readonly target: string
  readonly total: number
  readonly weightShare: number
}

/** Who is judged by less than all weights is said to be. */
function rankedSentence(first: Ranked, others: readonly Ranked[]): string {
  const share = ({ weightShare }: Ranked) =>
    weightShare > 1 - 1e-9 ? '' : ` (known by ${formatRatio(weightShare)} of the weights)`
  const rest = others.map((one) => `${one.target} ${score(one.total)}${share(one)}`)
  const leader = `${first.target} scores ${score(first.total)} of 10${share(first)}`
  return `${[leader, ...rest].join(', ')}.`
}

function decisionSentence({ constraints, choice }: NonNullable<Bench['decision']>): string {
  const { memoryBytes, p95Seconds, queriesPerSecond } = constraints
  const asked = [
    ...(memoryBytes === undefined ? [] : [`at most ${formatCount(memoryBytes / bytesPerGb)} GB`]),
    ...(p95Seconds === undefined ? [] : [`p95 within ${formatDuration(p95Seconds)}`]),
    ...(queriesPerSecond === undefined ? [] : [`${formatCount(queriesPerSecond)} queries/s`]),
  ].join(', ')
  return choice === null
    ? `No target is known to meet what was asked (${asked}).`
    : `For what was asked (${asked}): ${choice}.`
}

export function scoreTable({ rows, scores, weights }: Bench): Table {
  const shown = dimensions.filter(
    ({ name }) =>
      weights[name] > 0 || scores.some(({ byDimension }) => (byDimension[name] ?? null) !== null),
  )
  const article = (at: number) => articleRow(rows[at]?.article ?? undefined)
  return {
    id: 'scores',
    title: 'Scores, 0 to 10',
    head: [
      'target',
      ...shown.map(({ name, title }) => `${title} (${formatRatio(weights[name])})`),
      ...['total', 'weight behind it', 'article: the first four', 'article: total'],
    ],
    rows: scores.map(({ target, byDimension, total, weightShare }, at) => [
      target,
      ...shown.map(({ name }) => score(byDimension[name])),
      score(total),
      formatRatio(weightShare),
      theirScores(article(at)),
      score(article(at)?.total),
    ]),
    notes: [
      'a score is ten times the ratio to the best figure here: half as good has 5',
      'the total is the weighted mean over what is known; a missing dimension is left out, it is not zero',
    ],
  }
}

function theirScores(row: ReturnType<typeof articleRow>): string {
  if (row === undefined) return unknown
  return dimensions
    .slice(0, 4)
    .map(({ name }) => score(row.scores[name]))
    .join(' / ')
}

const cases: Readonly<Record<(typeof dimensions)[number]['name'], string>> = {
  memory: 'a small or shared GPU',
  latency: 'answers while somebody waits',
  throughput: 'many documents, offline or in batches',
  utilization: 'a GPU that is paid for by the hour',
  quality: 'the best order of the documents',
  cost: 'the lowest bill',
}

export function whichTable({ scores }: Bench): Table {
  return {
    id: 'which',
    title: 'Which for what',
    head: ['for', 'decides', 'target', 'the next'],
    rows: dimensions.flatMap(({ name, title }) => {
      const ranked = scores
        .flatMap(({ target, byDimension }) => {
          const own = byDimension[name] ?? null
          return own === null ? [] : [{ target, own }]
        })
        .sort((a, b) => b.own - a.own)
      const [first, second] = ranked
      if (first === undefined) return []
      const next = second === undefined ? unknown : `${second.target}, ${score(second.own)}`
      return [[cases[name], title, `${first.target}, ${score(first.own)}`, next]]
    }),
    notes: [],
  }
}

export function decisionTable({ decision }: Bench): readonly Table[] {
  if (decision === null) return []
  const { memoryBytes, p95Seconds, queriesPerSecond } = decision.constraints
  const word = (verdict: string | null) => verdict ?? 'not asked'
  return [
    {
      id: 'decision',
      title: 'What was asked for',
      head: [
        'target',
        `memory${memoryBytes === undefined ? '' : ` ≤ ${formatCount(memoryBytes / bytesPerGb)} GB`}`,
        `p95, 50 documents${p95Seconds === undefined ? '' : ` ≤ ${formatDuration(p95Seconds)}`}`,
        `queries/s${queriesPerSecond === undefined ? '' : ` ≥ ${formatCount(queriesPerSecond)}`}`,
        ...['replicas', 'fits'],
      ],
      rows: decision.targets.map(({ target, memory, p95, queries, replicas, fits }) => [
        `${target}${target === decision.choice ? ' ←' : ''}`,
        ...[word(memory), word(p95), word(queries)],
        replicas === null ? unknown : formatCount(replicas),
        fits,
      ]),
      notes: [
        'queries have 50 documents; a replica runs at the target utilisation of the policy, at most',
      ],
    },
  ]
}
