import { articleFigures, article } from './article.ts'
import type { Row } from './row.ts'
import { scoresOf, weightsOf, type Figures, type Score } from './score.ts'

/**
 * What a row is scored by. Who claims a throughput that the hardware cannot reach does not compute what
 * it says, so none of its figures can be compared.
 */
export function figuresOf(row: Row): Figures {
  const { memory, latency, throughput, stability, quality, costPerMillionPairs } = row
  if (row.plausibility.verdict === 'impossible') return {}
  return {
    memory: [(memory.underLoadBytes ?? memory.loadedBytes)?.median ?? null],
    latency: [latency[10].p95Seconds?.median ?? null, latency[50].p95Seconds?.median ?? null],
    throughput: [throughput[8].pairsPerSecond?.median ?? null],
    utilization: [stability.utilizationPercent.mean?.median ?? null],
    quality: [quality.ndcg10?.median ?? null],
    cost: [costPerMillionPairs],
  }
}

/** The article's raw figures, scored as ours are: where its own scores differ, they do not follow. */
export function scoredArticle(): readonly Score[] {
  return scoresOf(article.map(articleFigures), weightsOf({}))
}
