import { articleCard, articleRow } from '../article.ts'
import type { Bench } from '../bench-file.ts'
import { ranksByChance } from '../quality.ts'
import type { Row } from '../row.ts'
import {
  count,
  gigabytes,
  orUnknown,
  percent,
  ratioPercent,
  seconds,
  small,
  spreadText,
  unknown,
} from './cells.ts'
import type { Table } from './table.ts'
import { decisionTable, scoreTable, whichTable } from './verdicts.ts'

/** All tables of a comparison, in the order of the article: its four, then what they amount to. */
export function tablesOf(bench: Bench): readonly Table[] {
  return [
    memoryTable(bench),
    latencyTable(bench),
    throughputTable(bench),
    stabilityTable(bench),
    ...(bench.rows.some(({ quality }) => quality.queries !== null) ? [qualityTable(bench)] : []),
    scoreTable(bench),
    whichTable(bench),
    ...decisionTable(bench),
  ].map(withoutEmpty)
}

/** A column in which nothing is known of any target says nothing, and makes the others narrow. */
function withoutEmpty(table: Table): Table {
  const isShown = (_: unknown, at: number) =>
    at === 0 || table.rows.length === 0 || table.rows.some((row) => row[at] !== unknown)
  return {
    ...table,
    head: table.head.filter(isShown),
    rows: table.rows.map((row) => row.filter(isShown)),
  }
}

/** The column of the article, where a row is set beside one of its rows. */
const theirs = (row: Row, of: (article: NonNullable<ReturnType<typeof articleRow>>) => string) =>
  orUnknown(articleRow(row.article ?? undefined), of)
const theirHead = `article (${articleCard})`

const memoryNames = {
  device: 'device, against before',
  device_whole: 'device, all of it',
  process: 'process in main memory, no GPU',
} as const

function memoryTable({ rows }: Bench): Table {
  return {
    id: 'memory',
    title: 'Memory',
    head: ['target', 'of', 'loaded', 'under load', 'its processes', 'pairs/s per GB', theirHead],
    rows: rows.map((row) => [
      row.target,
      orUnknown(row.memory.of, (of) => memoryNames[of]),
      spreadText(row.memory.loadedBytes, gigabytes),
      spreadText(row.memory.underLoadBytes, gigabytes),
      spreadText(row.memory.processBytes, gigabytes),
      orUnknown(row.pairsPerSecondPerGb, count),
      theirs(row, ({ memoryGb }) => orUnknown(memoryGb, (gb) => `${gb.toFixed(1)} GB`)),
    ]),
    notes: emulatedNote(rows),
  }
}

function latencyTable({ rows }: Bench): Table {
  return {
    id: 'latency',
    title: 'Latency, one request at a time',
    head: [
      ...['target', 'p95, 10 documents', 'p95, 50 documents', 'network', 'p95 at low'],
      ...['p95 at high', 'cold start', theirHead],
    ],
    rows: rows.map((row) => [
      row.target,
      spreadText(row.latency[10].p95Seconds, seconds),
      spreadText(row.latency[50].p95Seconds, seconds),
      networkText(row),
      spreadText(row.profiles.low.p95Seconds, seconds),
      spreadText(row.profiles.high.p95Seconds, seconds),
      spreadText(row.coldStartSeconds, seconds),
      theirs(row, ({ p95Milliseconds, networkMilliseconds }) => {
        const both = `${String(p95Milliseconds[10])} / ${String(p95Milliseconds[50])} ms`
        return networkMilliseconds === null
          ? both
          : `${both}, ${String(networkMilliseconds)} ms of it network`
      }),
    ]),
    notes: [
      'network: what a server does not say it spent itself; "≥" where it says nothing, and a new TCP connection tells the least that it can be',
    ],
  }
}

function networkText({ network: { seconds: spread, by } }: Row): string {
  return by === 'handshake' ? `≥ ${spreadText(spread, seconds)}` : spreadText(spread, seconds)
}

function throughputTable({ rows }: Bench): Table {
  return {
    id: 'throughput',
    title: 'Throughput in pairs/s, 50 documents a request, sustained',
    head: [
      ...['target', 'batch 1', 'batch 4', 'batch 8', 'tokens/s', 'J/pair', 'cost of 1 M pairs'],
      ...['plausible', theirHead],
    ],
    rows: rows.map((row) => [
      row.target,
      ...([1, 4, 8] as const).map((batch) =>
        spreadText(row.throughput[batch].pairsPerSecond, count),
      ),
      spreadText(row.throughput[8].tokensPerSecond, count),
      spreadText(row.joulesPerPair, small),
      orUnknown(row.costPerMillionPairs, small),
      plausibleText(row),
      theirs(row, ({ pairsPerSecond }) => count(pairsPerSecond)),
    ]),
    notes: [...doubts(rows), ...theirDoubts(rows)],
  }
}

function doubts(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ target, plausibility: { verdict, reason } }) =>
    verdict === 'impossible'
      ? [
          `${target}: ${reason}: the hardware cannot reach that, so nothing of this target is scored`,
        ]
      : verdict === 'doubtful'
        ? [`${target}: ${reason}, which a real model seldom reaches`]
        : [],
  )
}

/** The article gives no lengths, so its own figures can only be said to allow so much. */
function theirDoubts(rows: readonly Row[]): readonly string[] {
  return rows.flatMap(({ article: name }) => {
    const { title = '', pairsPerSecond = 0, tokensPerPairAtMost } = articleRow(name ?? '') ?? {}
    if (tokensPerPairAtMost === undefined) return []
    return [
      `article, ${title}: the peak of its card leaves ${String(tokensPerPairAtMost)} tokens a pair at ${count(pairsPerSecond)} pairs/s, and longer pairs cannot have been measured`,
    ]
  })
}

const plausibleWords = {
  plausible: 'yes',
  doubtful: 'doubtful',
  impossible: 'IMPOSSIBLE',
  not_checked: 'not checked',
} as const

function plausibleText({ plausibility: { verdict, shareOfPeak, reason } }: Row): string {
  return verdict === 'not_checked'
    ? `${plausibleWords[verdict]}: ${reason}`
    : `${plausibleWords[verdict]}, ${orUnknown(shareOfPeak, ratioPercent)} of peak`
}

function stabilityTable({ rows }: Bench): Table {
  return {
    id: 'stability',
    title: 'Utilisation, 8 requests on their way, sustained',
    head: [
      'target',
      'device',
      'mean',
      'range',
      '5th to 95th percentile',
      'pairs/s swing by',
      theirHead,
    ],
    rows: rows.map((row) => {
      const { mean, min, max, p5, p95 } = row.stability.utilizationPercent
      return [
        row.target,
        row.device ?? unknown,
        spreadText(mean, percent),
        between(min, max),
        between(p5, p95),
        spreadText(row.stability.pairsSwingRatio, ratioPercent),
        theirs(row, ({ utilizationPercent }) =>
          orUnknown(
            utilizationPercent,
            (them) => `${percent(them.mean)}, ${String(them.min)}–${String(them.max)} %`,
          ),
        ),
      ]
    }),
    notes: emulatedNote(rows),
  }
}

/** Over all rounds: of the lowest and the highest. */
function between(low: Row['coldStartSeconds'], high: Row['coldStartSeconds']): string {
  return low === null || high === null ? unknown : `${low.min.toFixed(0)}–${percent(high.max)}`
}

function qualityTable({ rows }: Bench): Table {
  const three = (value: number) => value.toFixed(3)
  return {
    id: 'quality',
    title: 'Quality on the labelled set',
    head: ['target', 'nDCG@10', 'nDCG@10 by chance', 'MRR', 'queries'],
    rows: rows.map(({ target, quality }) => [
      target,
      spreadText(quality.ndcg10, three),
      spreadText(quality.chanceNdcg10, three),
      spreadText(quality.mrr, three),
      orUnknown(quality.queries, count),
    ]),
    notes: rows
      .filter(ranksByChance)
      .map(
        ({ target }) => `${target} ranks little better than chance: how fast it is does not matter`,
      ),
  }
}

function emulatedNote(rows: readonly Row[]): readonly string[] {
  return rows.some(({ source }) => source === 'emulated')
    ? [
        'emulated, not a GPU: the figures are those of the inference process on the CPU, and compare with each other alone',
      ]
    : []
}
