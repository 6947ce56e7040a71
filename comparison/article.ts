import type { DimensionName } from './dimensions.ts'

/** The card, the driver's format and the length of the article's figures. */
export const articleCard = 'A10G 24 GB, fp16'

/** A model as the source article measured it; what it does not say is null. */
export interface ArticleRow {
  readonly name: string
  readonly title: string
  readonly memoryGb: number | null
  readonly p95Milliseconds: { readonly 10: number; readonly 50: number }
  /** Of the first of them, as the article says. */
  readonly networkMilliseconds: number | null
  readonly pairsPerSecond: number
  /** That the peak of its card leaves a pair at that rate; absent where the model's shape is not sure. */
  readonly tokensPerPairAtMost?: number
  readonly utilizationPercent: {
    readonly mean: number
    readonly min: number
    readonly max: number
  } | null
  readonly scores: Readonly<Partial<Record<DimensionName, number>>>
  readonly total: number
}

/** Its table, as printed. Whether it can be true is not said here: see docs/bench.md. */
export const article: readonly ArticleRow[] = [
  {
    name: 'bge-reranker-v2-m3',
    title: 'BGE-Reranker-v2-m3',
    memoryGb: 2.1,
    p95Milliseconds: { 10: 48, 50: 86 },
    networkMilliseconds: null,
    pairsPerSecond: 1840,
    tokensPerPairAtMost: 63,
    utilizationPercent: { mean: 78, min: 72, max: 83 },
    scores: { memory: 8.5, latency: 7.8, throughput: 9.6, utilization: 9.2 },
    total: 8.8,
  },
  {
    name: 'bge-reranker-base',
    title: 'bge-reranker-base',
    memoryGb: 0.9,
    p95Milliseconds: { 10: 32, 50: 65 },
    networkMilliseconds: null,
    pairsPerSecond: 2100,
    tokensPerPairAtMost: 196,
    utilizationPercent: { mean: 65, min: 58, max: 70 },
    scores: { memory: 9.0, latency: 8.5, throughput: 8.4, utilization: 7.5 },
    total: 8.3,
  },
  {
    name: 'm3e-reranker',
    title: 'm3e-reranker',
    memoryGb: 1.0,
    p95Milliseconds: { 10: 40, 50: 78 },
    networkMilliseconds: null,
    pairsPerSecond: 1600,
    utilizationPercent: { mean: 60, min: 52, max: 68 },
    scores: { memory: 8.8, latency: 8.0, throughput: 7.6, utilization: 7.0 },
    total: 7.9,
  },
  {
    name: 'cohere-rerank-v2',
    title: 'Cohere Rerank v2 (API)',
    memoryGb: null,
    p95Milliseconds: { 10: 60, 50: 95 },
    networkMilliseconds: 40,
    pairsPerSecond: 1200,
    utilizationPercent: null,
    scores: { memory: 7.0, latency: 7.2, throughput: 6.8 },
    total: 7.0,
  },
]

export const articleNames = article.map(({ name }) => name)

export function articleRow(name: string | undefined): ArticleRow | undefined {
  return article.find((row) => row.name === name)
}

/** The article's figures in our units, for the same scoring that measured ones get. */
export function articleFigures({
  memoryGb,
  p95Milliseconds,
  pairsPerSecond,
  utilizationPercent,
}: ArticleRow): Readonly<Partial<Record<DimensionName, readonly (number | null)[]>>> {
  return {
    memory: [memoryGb],
    latency: [p95Milliseconds[10] / 1000, p95Milliseconds[50] / 1000],
    throughput: [pairsPerSecond],
    utilization: [utilizationPercent === null ? null : utilizationPercent.mean / 100],
  }
}
