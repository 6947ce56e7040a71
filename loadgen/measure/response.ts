import { present } from '../../core/assert.ts'
import type { Dialect, WireMessage } from '../../core/dialects/index.ts'
import type { RerankResult } from '../../core/rerank.ts'
import type { PlanItem } from '../plan/plan.ts'
import type { Judgement } from '../engines/index.ts'

/** Compares the scores of an answer, one result a query, with those expected. */
export type ScoreCheck = (item: PlanItem, results: readonly RerankResult[]) => boolean

/**
 * What an answer is worth. Status 2xx counts as `ok` only when it ranks every document of the
 * request once, with a number each, and the scores are those expected, if any are: a server that is
 * fast because it answers nonsense must fail.
 */
export function judge(
  message: WireMessage,
  dialect: Dialect,
  item: PlanItem,
  checkScores?: ScoreCheck,
): Judgement {
  const { status } = message
  if (status === 429) return { outcome: 'rejected_429' }
  if (status >= 400 && status < 500) return { outcome: 'client_error_4xx' }
  if (status >= 500) return { outcome: 'server_error_5xx' }
  if (status < 200 || status >= 300) return { outcome: 'invalid_response' }
  let results
  try {
    results = resultsOf(message, dialect, item)
    if (results.length !== (item.queries ?? 1) || !results.every((one) => isWhole(one, item))) {
      return { outcome: 'invalid_response' }
    }
    if (checkScores?.(item, results) === false) return { outcome: 'wrong_scores' }
  } catch {
    return { outcome: 'invalid_response' }
  }
  const server = dialect.decodePhases(message)
  const computedTokens = tokensOf(results)
  return {
    outcome: 'ok',
    ...(Object.keys(server).length > 0 && { server }),
    ...(computedTokens > 0 && { computedTokens }),
  }
}

/** 0 where the answer does not say: some servers write 0 when they have not counted. */
function tokensOf(results: readonly RerankResult[]): number {
  return results.reduce((sum, { usage }) => sum + Math.round(usage?.tokens ?? 0), 0)
}

function resultsOf(
  message: WireMessage,
  dialect: Dialect,
  { documents, queries = 1 }: PlanItem,
): readonly RerankResult[] {
  if (queries === 1) return [dialect.decodeResult(message)]
  const batch = present(dialect.batch, `${dialect.name} takes one query a request.`)
  // Only the numbers of queries and documents matter for reading the answer.
  const request = {
    query: '',
    documents: Array<string>(documents).fill(''),
    returnDocuments: false,
    rawScores: false,
    truncationDirection: 'right' as const,
  }
  return batch.decode(message, Array(queries).fill(request))
}

/** Every document once, a number each. */
export function isWhole(
  { ranking }: RerankResult,
  { documents }: Pick<PlanItem, 'documents'>,
): boolean {
  return (
    ranking.length === documents &&
    new Set(ranking.map(({ index }) => index)).size === documents &&
    ranking.every(
      ({ index, score }) =>
        Number.isInteger(index) && index >= 0 && index < documents && Number.isFinite(score),
    )
  )
}
