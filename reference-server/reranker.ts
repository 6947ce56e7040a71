import { availableParallelism } from 'node:os'
import type { Clock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import {
  rank,
  RerankFailure,
  sigmoid,
  type RerankRequest,
  type RerankResult,
  type RerankTerms,
  type ServerPhases,
} from '../core/rerank.ts'
import { BatchScheduler } from './batch/scheduler.ts'
import { InferenceProcess } from './infer/launcher.ts'
import type { DeviceChoice } from './infer/messages.ts'
import type { Metering } from './metering.ts'
import type { ModelBundle } from './model/bundle.ts'
import { pairOf, specialTokensOf, type TokenPair } from './tokenise/pair.ts'
import { TokeniserPool } from './tokenise/pool.ts'
import { Tokeniser } from './tokenise/tokeniser.ts'

export interface RerankerOptions {
  readonly model: ModelBundle
  readonly device: DeviceChoice
  /** Absent: the model's own default. */
  readonly maximumTokens?: number
  readonly maximumBatchTokens: number
  /** Pairs accepted and not yet answered; a request that would exceed it is refused whole. */
  readonly maximumPairs: number
  /** Absent: one, or a quarter of the cores. */
  readonly tokeniserWorkers?: number
  /** Threads of the inference process. Absent: half of the cores. */
  readonly threads?: number
  readonly cacheBytes: number
  readonly clock: Clock
  readonly log: (line: string) => void
  readonly metering: Metering
}

/** How far behind the oldest request fillers are looked for; sorting more than this costs more than it saves. */
const windowPairs = 512

/** From a request's meaning to its ranking: tokenise, batch, infer. Knows no HTTP. */
export class Reranker {
  readonly maximumTokens: number
  readonly inference: InferenceProcess
  readonly #options: RerankerOptions
  readonly #pool: TokeniserPool
  readonly #tokeniser: Tokeniser
  readonly #scheduler: BatchScheduler
  readonly #specials: number
  #acceptedPairs = 0

  private constructor(
    options: RerankerOptions,
    maximumTokens: number,
    pool: TokeniserPool,
    inference: InferenceProcess,
    scheduler: BatchScheduler,
  ) {
    this.#options = options
    this.maximumTokens = maximumTokens
    this.#pool = pool
    this.inference = inference
    this.#scheduler = scheduler
    this.#specials = specialTokensOf(pool.template)
    this.#tokeniser = new Tokeniser({
      pool,
      // One id more than fits tells that a text was too long.
      limit: maximumTokens - this.#specials + 1,
      cacheBytes: options.cacheBytes,
      onLookUp: (hits, misses) => {
        options.metering.lookedUp(hits, misses)
      },
    })
  }

  /** Throws a `UserError` when the limits contradict each other or the model cannot be loaded. */
  static async start(options: RerankerOptions): Promise<Reranker> {
    const { model, clock, log, metering } = options
    const maximumTokens = tokensAllowed(options)
    const cores = availableParallelism()
    const pool = await TokeniserPool.start({
      setup: model,
      workers: options.tokeniserWorkers ?? Math.max(1, Math.floor(cores / 4)),
      clock,
      log,
    })
    let scheduler: BatchScheduler | undefined
    try {
      const inference = await InferenceProcess.start({
        setup: {
          graph: model.graph,
          device: options.device,
          threads: options.threads ?? Math.max(1, Math.floor(cores / 2)),
          paddingId: pool.template.paddingId,
          documentType: pool.template.documentType,
        },
        clock,
        log,
        onDeath: (failure) => scheduler?.failAll(failure),
      })
      scheduler = new BatchScheduler({
        limits: { batchTokens: options.maximumBatchTokens, windowPairs },
        template: pool.template,
        infer: (batch) => inference.infer(batch),
        clock,
        onBatch: (batch, result) => {
          metering.inferred(batch, result)
        },
      })
      return new Reranker(options, maximumTokens, pool, inference, scheduler)
    } catch (error) {
      await pool.close()
      throw error
    }
  }

  get ready(): boolean {
    return this.inference.ready && this.#pool.ready
  }

  get queuedPairs(): number {
    return this.#scheduler.queuedPairs
  }

  /** Rejects with a `RerankFailure`, or with `AbandonedError` when `signal` aborts. */
  async rerank(
    request: RerankRequest,
    { signal }: RerankTerms,
  ): Promise<{ readonly result: RerankResult; readonly phases: ServerPhases }> {
    if (!this.ready) throw new RerankFailure('unhealthy', 'unhealthy')
    const count = request.documents.length
    if (this.#acceptedPairs + count > this.#options.maximumPairs) {
      throw new RerankFailure('overloaded', 'Model is overloaded')
    }
    this.#acceptedPairs += count
    try {
      return await this.#score(request, signal)
    } finally {
      this.#acceptedPairs -= count
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.inference.stop()])
  }

  async #score(request: RerankRequest, signal: AbortSignal) {
    const { clock, metering } = this.#options
    const started = clock.monotonicSeconds()
    const pairs = await this.#pairs(request)
    const tokeniseSeconds = clock.monotonicSeconds() - started
    const truncatedPairs = pairs.filter(({ truncated }) => truncated).length
    if (truncatedPairs > 0 && request.truncate === false) {
      throw new RerankFailure(
        'validation',
        `Input validation error: \`inputs\` must have less than ${String(this.maximumTokens)} tokens. Given: more than that`,
      )
    }
    metering.tokenised(tokeniseSeconds, pairs.length, truncatedPairs)
    const { logits, queueSeconds, inferSeconds } = await this.#scheduler.submit(pairs, signal)
    metering.queued(queueSeconds)
    if (!logits.every(Number.isFinite)) {
      throw new RerankFailure('backend', 'Backend error: a score is not a finite number')
    }
    const result: RerankResult = {
      ranking: rank(request.rawScores ? logits : Float64Array.from(logits, sigmoid), request),
      usage: {
        tokens: pairs.reduce((sum, pair) => sum + pair.tokens, 0),
        characters: request.documents.reduce(
          (sum, document) => sum + document.length,
          request.documents.length * request.query.length,
        ),
        truncatedPairs,
      },
    }
    return { result, phases: { tokeniseSeconds, queueSeconds, inferSeconds } }
  }

  async #pairs({
    query,
    documents,
    truncationDirection,
  }: RerankRequest): Promise<readonly TokenPair[]> {
    const ids = await this.#tokeniser.encode(query, documents, truncationDirection)
    return ids.documents.map((document) =>
      pairOf(ids.query, document, this.#specials, this.maximumTokens, truncationDirection),
    )
  }
}

/** Room for the special tokens and something of both texts. */
const leastTokens = 16

function tokensAllowed({ model, maximumTokens, maximumBatchTokens }: RerankerOptions): number {
  const tokens = maximumTokens ?? model.defaultMaximumTokens
  if (!Number.isInteger(tokens) || tokens < leastTokens || tokens > model.maximumTokens) {
    throw usageError(
      `--max-length ${String(tokens)} is not possible with ${model.name}: give a whole number from ${String(leastTokens)} to ${String(model.maximumTokens)}.`,
    )
  }
  if (maximumBatchTokens < tokens) {
    throw usageError(
      `--max-batch-tokens ${String(maximumBatchTokens)} does not hold one pair of ${String(tokens)} tokens: raise it or lower --max-length.`,
    )
  }
  return tokens
}
