import type { RerankRequest, RerankResult } from '../../../core/rerank.ts'
import { chinese } from './chinese.ts'
import { english } from './english.ts'
import { mixed } from './mixed.ts'
import type { CheckTopic } from './topic.ts'

export const checkTopics: readonly CheckTopic[] = [...english, ...chinese, ...mixed]

/** A model that ranks must put the relevant passage first at least this often. */
export const requiredShare = 0.9

export interface CheckOutcome {
  readonly language: CheckTopic['language']
  readonly query: string
  /** 1: the relevant passage came first. */
  readonly relevantRank: number
}

/** Asks every question of the check against the ten passages of its topic, in their order. */
export async function checkRanking(
  rerank: (request: RerankRequest) => Promise<RerankResult>,
): Promise<readonly CheckOutcome[]> {
  const outcomes: CheckOutcome[] = []
  for (const { language, cases } of checkTopics) {
    const documents = cases.map(({ passage }) => passage)
    for (const [relevant, { query }] of cases.entries()) {
      const { ranking } = await rerank({
        query,
        documents,
        returnDocuments: false,
        rawScores: true,
        truncationDirection: 'right',
      })
      const at = ranking.findIndex(({ index }) => index === relevant)
      outcomes.push({ language, query, relevantRank: at + 1 })
    }
  }
  return outcomes
}

/** Share of questions whose relevant passage came first, 0 to 1. */
export function firstShare(outcomes: readonly CheckOutcome[]): number {
  return outcomes.filter(({ relevantRank }) => relevantRank === 1).length / outcomes.length
}
