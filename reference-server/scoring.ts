import type { Clock } from '../core/clock.ts'
import { RerankFailure, type RerankRequest, type TruncationStrategy } from '../core/rerank.ts'
import type { Holding } from './batch/admission.ts'
import type { BatchScheduler } from './batch/scheduler.ts'
import type { KnownScore, ScoreCache } from './infer/score-cache.ts'
import type { Metering } from './metering.ts'
import type { Stage } from './record.ts'
import { pairOf, type TokenisedText, type TokenPair } from './tokenise/pair.ts'
import type { ReadyText, Tokeniser } from './tokenise/tokeniser.ts'
import { kept, truncationOf, type Truncation } from './tokenise/truncation.ts'

export interface ScoredPairs {
  /** In the order of the documents. */
  readonly pairs: readonly KnownScore[]
  /** How many of them were remembered. */
  readonly cachedPairs: number
}

export interface ScoringParts {
  readonly tokeniser: Tokeniser
  readonly scheduler: BatchScheduler
  /** Undefined: scores are not remembered. */
  readonly scoreCache: ScoreCache | undefined
  readonly specials: number
  readonly server: { readonly strategy: TruncationStrategy; readonly maximumTokens: number }
  readonly clock: Pick<Clock, 'monotonicSeconds'>
  readonly metering: Metering
}

/** The work of one request, once it is accepted. */
export interface ScoringCall {
  readonly request: RerankRequest
  readonly bypassCaches: boolean
  readonly holding: Pick<Holding, 'addTokens'>
  readonly signal: AbortSignal
  /** Called as stages end, so that a request that fails later still says how far it came. */
  readonly onStage: (stage: Stage) => void
}

/** From a request to its logits: what is known is looked up, the rest is tokenised, queued, inferred. */
export class Scoring {
  readonly #parts: ScoringParts

  constructor(parts: ScoringParts) {
    this.#parts = parts
  }

  /** Rejects with a `RerankFailure`, or with the reason of `signal`. */
  async score(call: ScoringCall): Promise<ScoredPairs> {
    const { request, bypassCaches } = call
    const { tokeniser, metering, scoreCache } = this.#parts
    const truncation = truncationOf(request, this.#parts.server)
    const query = tokeniser.ready(request.query, truncation.lost)
    const documents = request.documents.map((text) => tokeniser.ready(text, truncation.lost))
    // A text that is cut on its own has scores that the keys of the cache do not tell apart.
    const cutAlone = request.maximumQueryTokens ?? request.maximumDocumentTokens
    const cache = bypassCaches || cutAlone !== undefined ? undefined : scoreCache
    const keys = cache?.keysOf(query, documents, truncation)
    const known = documents.map((_, at) => cache?.get(keys?.[at] ?? ''))
    const missing = [...known.keys()].filter((at) => known[at] === undefined)
    const cachedPairs = documents.length - missing.length
    if (cache !== undefined) metering.lookedUp('scores', cachedPairs, missing.length)
    metering.askedFor(documents.length)
    if (missing.length > 0) {
      const asked = missing.flatMap((at) => documents[at] ?? [])
      const fresh = await this.#compute(call, truncation, query, asked)
      for (const [order, at] of missing.entries()) {
        const score = fresh[order]
        if (score === undefined) continue
        known[at] = score
        cache?.keep(keys?.[at] ?? '', score)
      }
    }
    const pairs = known.flatMap((score) => score ?? [])
    if (pairs.length < documents.length || !pairs.every(({ logit }) => Number.isFinite(logit))) {
      throw new RerankFailure('backend', 'Backend error: a score is not a finite number')
    }
    refuseTruncated(pairs, truncation)
    metering.truncated(pairs.filter(({ truncated }) => truncated).length)
    return { pairs, cachedPairs }
  }

  async #compute(
    { request, bypassCaches, holding, signal, onStage }: ScoringCall,
    truncation: Truncation,
    query: ReadyText,
    documents: readonly ReadyText[],
  ): Promise<readonly KnownScore[]> {
    const { tokeniser, scheduler, specials, clock, metering } = this.#parts
    const startSeconds = clock.monotonicSeconds()
    const options = { lost: truncation.lost, bypassCache: bypassCaches }
    const ids = await tokeniser.encode(query, documents, options)
    const cutQuery = firstTokens(ids.query, request.maximumQueryTokens, truncation)
    const pairs: readonly TokenPair[] = ids.documents.map((document) => {
      const cutDocument = firstTokens(document, request.maximumDocumentTokens, truncation)
      return pairOf(cutQuery, cutDocument, specials, truncation)
    })
    const tokenisedSeconds = clock.monotonicSeconds()
    onStage({ name: 'tokenise', startSeconds, endSeconds: tokenisedSeconds })
    metering.tokenised(tokenisedSeconds - startSeconds)
    refuseTruncated(pairs, truncation)
    holding.addTokens(pairs.reduce((sum, pair) => sum + pair.tokens, 0))
    const { logits, queueSeconds } = await scheduler.submit(pairs, signal)
    metering.queued(queueSeconds)
    const startedSeconds = tokenisedSeconds + queueSeconds
    onStage({ name: 'queue', startSeconds: tokenisedSeconds, endSeconds: startedSeconds })
    onStage({ name: 'infer', startSeconds: startedSeconds, endSeconds: clock.monotonicSeconds() })
    return pairs.map(({ tokens, truncated }, at) => ({
      logit: logits[at] ?? Number.NaN,
      tokens,
      truncated,
    }))
  }
}

/** The text cut to so many tokens on its own, before it makes a pair. */
function firstTokens(
  text: TokenisedText,
  maximum: number | undefined,
  { lost }: Truncation,
): TokenisedText {
  if (maximum === undefined || text.ids.length <= maximum) return text
  return { ids: kept(text.ids, maximum, lost), unread: true }
}

function refuseTruncated(
  pairs: readonly { readonly truncated: boolean }[],
  { strategy, maximumTokens }: Truncation,
): void {
  if (strategy !== 'error' || !pairs.some(({ truncated }) => truncated)) return
  throw new RerankFailure(
    'validation',
    `Input validation error: \`inputs\` must have less than ${String(maximumTokens)} tokens. Given: more than that`,
  )
}
