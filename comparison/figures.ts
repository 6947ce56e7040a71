import { articleFigures, article } from './article.ts'
import type { Row } from './row.ts'
import { scoresOf, weightsOf, type Figures, type Score } from './score.ts'

/** What a row is scored by. A throughput that the hardware cannot reach is no figure. */
export function figuresOf(row: Row): Figures {
  const { memory, latency, throughput, stability, quality, costPerMillionPairs } = row
  const believed = row.plausibility.verdict !== 'impossible'
  return {
    memory: [(memory.underLoadBytes ?? memory.loadedBytes)?.median ?? null],
    latency: [latency[10].p95Seconds?.median ?? null, latency[50].p95Seconds?.median ?? null],
    throughput: [believed ? (throughput[8].pairsPerSecond?.median ?? null) : null],
    utilization: [stability.utilizationPercent.mean?.median ?? null],
    quality: [quality.ndcg10?.median ?? null],
    cost: [believed ? costPerMillionPairs : null],
  }
}

/** The article's raw figures, scored as ours are: where its own scores differ, they do not follow. */
export function scoredArticle(): readonly Score[] {
  return scoresOf(article.map(articleFigures), weightsOf({}))
}
