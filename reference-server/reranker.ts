import { availableParallelism } from 'node:os'
import type { Clock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import {
  rankLogits,
  RerankFailure,
  unhealthy,
  type RerankRequest,
  type RerankResult,
  type RerankTerms,
  type ServerPhases,
  type TruncationStrategy,
} from '../core/rerank.ts'
import { totalUsage } from '../core/wire.ts'
import { Admission, type Load } from './batch/admission.ts'
import { RecentRate } from './batch/rate.ts'
import { AbandonedError, BatchScheduler } from './batch/scheduler.ts'
import { checkCacheRoom } from './cache-room.ts'
import { underTerms } from './deadline.ts'
import { parseDevices, usualBatchTokens } from './infer/devices.ts'
import { InferenceGroup } from './infer/group.ts'
import { ScoreCache, type KnownScore } from './infer/score-cache.ts'
import type { DropReason, Metering } from './metering.ts'
import type { ModelBundle } from './model/bundle.ts'
import { outcomeOf, type RequestObserver, type RequestRecord, type Stage } from './record.ts'
import { Scoring } from './scoring.ts'
import { specialTokensOf } from './tokenise/pair.ts'
import { TokeniserPool } from './tokenise/pool.ts'
import { Tokeniser } from './tokenise/tokeniser.ts'
import { leastTokens } from './tokenise/truncation.ts'

export interface RerankerOptions {
  readonly model: ModelBundle
  /** As `parseDevices` reads it. */
  readonly device: string
  /** Never compute on the CPU where a GPU was hoped for. */
  readonly requireDevice?: boolean
  /** Absent: the model's own default. */
  readonly maximumTokens?: number
  /** Absent: `longest_first`. */
  readonly truncation?: TruncationStrategy
  /** Absent: what suits the device, and holds one pair. */
  readonly maximumBatchTokens?: number
  /** Pairs of a batch. Absent: what the tokens allow. */
  readonly batchPairs?: number
  /** Of what is accepted and not yet answered; a request that would exceed one is refused whole. */
  readonly maximumRequests?: number
  readonly maximumPairs: number
  readonly maximumQueuedTokens?: number
  readonly maximumQueuedBytes?: number
  /** Absent: one, or a quarter of the cores. */
  readonly tokeniserWorkers?: number
  /** Threads of each inference process. Absent: half of the cores, shared between them. */
  readonly threads?: number
  /** A batch that takes longer hangs, and its process is started again. Absent: wait for ever. */
  readonly hangSeconds?: number
  /** For the tokens of documents; 0: none. */
  readonly cacheBytes: number
  /** For the scores of pairs. Absent or 0: none. */
  readonly scoreCacheBytes?: number
  readonly clock: Clock
  readonly log: (line: string) => void
  readonly metering: Metering
  /** Called once a request, whatever became of it. */
  readonly onRequest?: RequestObserver
}

/** How far behind the oldest request like lengths are looked for; sorting more costs more than it saves. */
const windowPairs = 512

/** From a request's meaning to its ranking: admit, tokenise, batch, infer. Knows no HTTP. */
export class Reranker {
  readonly maximumTokens: number
  readonly maximumBatchTokens: number
  /** What may be accepted and not yet answered. */
  readonly limits: Load
  readonly inference: InferenceGroup
  readonly #options: RerankerOptions
  readonly #pool: TokeniserPool
  readonly #scheduler: BatchScheduler
  readonly #scoring: Scoring
  readonly #admission: Admission

  private constructor(
    options: RerankerOptions,
    maximumTokens: number,
    { pool, inference, scheduler, rate, batchTokens }: Parts,
  ) {
    const { clock, metering, scoreCacheBytes = 0 } = options
    this.#options = options
    this.maximumTokens = maximumTokens
    this.maximumBatchTokens = batchTokens
    this.limits = limitsOf(options)
    this.#pool = pool
    this.inference = inference
    this.#scheduler = scheduler
    this.#admission = new Admission(this.limits, (pairs) =>
      rate.secondsFor(pairs, inference.size, clock.monotonicSeconds()),
    )
    const specials = specialTokensOf(pool.template)
    this.#scoring = new Scoring({
      tokeniser: new Tokeniser({
        pool,
        // One id more than fits tells that a text was too long.
        limit: maximumTokens - specials + 1,
        cacheBytes: options.cacheBytes,
        onLookUp: (hits, misses) => {
          metering.lookedUp('tokens', hits, misses)
        },
      }),
      scheduler,
      scoreCache: scoreCacheBytes > 0 ? new ScoreCache(scoreCacheBytes) : undefined,
      specials,
      server: { strategy: options.truncation ?? 'longest_first', maximumTokens },
      clock,
      metering,
    })
  }

  /** Throws a `UserError` when the limits contradict each other or the model cannot be loaded. */
  static async start(options: RerankerOptions): Promise<Reranker> {
    const maximumTokens = tokensAllowed(options)
    checkCacheRoom(options)
    return new Reranker(options, maximumTokens, await startParts(options, maximumTokens))
  }

  get ready(): boolean {
    return this.inference.ready && this.#pool.ready
  }

  get queuedPairs(): number {
    return this.#scheduler.queuedPairs
  }

  /**
   * The queries of one body: they are accepted or refused as one, and what fails one gives the others
   * up. Rejects with a `RerankFailure`, or with `AbandonedError` when the terms' signal aborts.
   */
  async rerank(
    requests: readonly RerankRequest[],
    terms: RerankTerms,
  ): Promise<{ readonly results: readonly RerankResult[]; readonly phases: ServerPhases }> {
    const { clock, onRequest } = this.#options
    const startSeconds = clock.monotonicSeconds()
    /** The stages of each query, as they end. */
    const courses = requests.map((): Stage[] => [])
    const { traceparent, tracestate } = terms
    const record = (ended: Pick<RequestRecord, 'outcome'> & Partial<RequestRecord>) =>
      onRequest?.({
        startSeconds,
        endSeconds: clock.monotonicSeconds(),
        documents: sumOf(requests, ({ documents }) => documents.length),
        stages: slowest(courses),
        ...(traceparent !== undefined && { traceparent }),
        ...(tracestate !== undefined && { tracestate }),
        ...ended,
      })
    try {
      const scored = await this.#score(requests, terms, courses)
      const results = scored.map(({ result }) => result)
      const { tokens = 0, truncatedPairs = 0 } = totalUsage(results)
      const cachedPairs = sumOf(scored, (one) => one.cachedPairs)
      record({ outcome: 'ok', tokens, truncatedPairs, cachedPairs })
      return { results, phases: phasesOf(slowest(courses)) }
    } catch (error) {
      record({ outcome: outcomeOf(error) })
      throw error
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.close(), this.inference.stop()])
  }

  async #score(
    requests: readonly RerankRequest[],
    terms: RerankTerms,
    courses: readonly Stage[][],
  ): Promise<readonly { readonly result: RerankResult; readonly cachedPairs: number }[]> {
    if (!this.ready) throw unhealthy()
    const holding = this.#admission.accept({
      pairs: sumOf(requests, ({ documents }) => documents.length),
      bytes: bytesPerCharacter * sumOf(requests, (request) => charactersOf(request)),
    })
    const { bypassCaches = false } = terms
    try {
      return await underTerms(terms, this.#options.clock, (signal) =>
        Promise.all(
          requests.map(async (request, at) => {
            const onStage = (stage: Stage) => courses[at]?.push(stage)
            const call = { request, bypassCaches, holding, signal, onStage }
            const { pairs, cachedPairs } = await this.#scoring.score(call)
            return { result: resultOf(request, pairs), cachedPairs }
          }),
        ),
      )
    } finally {
      holding.release()
    }
  }
}

/** The most that a character of a JavaScript string takes. */
const bytesPerCharacter = 2

interface Parts {
  readonly pool: TokeniserPool
  readonly inference: InferenceGroup
  readonly scheduler: BatchScheduler
  readonly rate: RecentRate
  readonly batchTokens: number
}

async function startParts(options: RerankerOptions, maximumTokens: number): Promise<Parts> {
  const { model, clock, log, metering, batchPairs } = options
  const devices = parseDevices(options.device, options.requireDevice ?? false)
  const cores = availableParallelism()
  const workers = options.tokeniserWorkers ?? Math.max(1, Math.floor(cores / 4))
  const pool = await TokeniserPool.start({ setup: model, workers, clock, log })
  let scheduler: BatchScheduler | undefined
  try {
    const inference = await InferenceGroup.start({
      setup: {
        graph: model.graph,
        threads: options.threads ?? Math.max(1, Math.floor(cores / 2 / devices.length)),
        paddingId: pool.template.paddingId,
        documentType: pool.template.documentType,
      },
      devices,
      ...(options.hangSeconds !== undefined && { hangSeconds: options.hangSeconds }),
      clock,
      log,
      onLost: (failure) => scheduler?.failAll(failure),
    })
    const rate = new RecentRate()
    const batchTokens =
      options.maximumBatchTokens ?? usualBatchTokens(inference.device, maximumTokens)
    scheduler = new BatchScheduler({
      limits: {
        batchTokens,
        ...(batchPairs !== undefined && { batchPairs }),
        windowPairs,
      },
      template: pool.template,
      infer: (batch) => inference.infer(batch),
      slots: () => inference.slots,
      clock,
      onBatch: (batch, result) => {
        metering.inferred(batch, result)
        rate.observe(clock.monotonicSeconds(), batch.lengths.length, result.inferSeconds)
      },
      onDropped: (pairs, cause) => {
        metering.dropped(pairs, dropReasonOf(cause))
      },
    })
    return { pool, inference, scheduler, rate, batchTokens }
  } catch (error) {
    await pool.close()
    throw error
  }
}

function dropReasonOf(cause: unknown): DropReason {
  if (cause instanceof AbandonedError) return 'disconnect'
  const isDeadline = cause instanceof RerankFailure && cause.kind === 'deadline_exceeded'
  return isDeadline ? 'deadline' : 'failure'
}

function resultOf(request: RerankRequest, pairs: readonly KnownScore[]): RerankResult {
  const logits = pairs.map(({ logit }) => logit)
  return {
    ranking: rankLogits(logits, request),
    usage: {
      tokens: sumOf(pairs, ({ tokens }) => tokens),
      characters: charactersOf(request, request.documents.length),
      truncatedPairs: pairs.filter(({ truncated }) => truncated).length,
    },
  }
}

function sumOf<T>(items: readonly T[], amount: (item: T) => number): number {
  return items.reduce((sum, item) => sum + amount(item), 0)
}

/** The stages of the query that came furthest in time: what the caller waited for. */
function slowest(courses: readonly (readonly Stage[])[]): readonly Stage[] {
  const end = (stages: readonly Stage[]) => stages.at(-1)?.endSeconds ?? -Infinity
  return courses.reduce((last, one) => (end(one) > end(last) ? one : last), [])
}

/** Of all documents, and of the query as often as it is counted. */
function charactersOf({ query, documents }: RerankRequest, queries = 1): number {
  return queries * query.length + sumOf(documents, ({ length }) => length)
}

function phasesOf(stages: readonly Stage[]): ServerPhases {
  const seconds = (wanted: Stage['name']) => {
    const stage = stages.find(({ name }) => name === wanted)
    return stage === undefined ? 0 : stage.endSeconds - stage.startSeconds
  }
  return {
    tokeniseSeconds: seconds('tokenise'),
    queueSeconds: seconds('queue'),
    inferSeconds: seconds('infer'),
  }
}

function limitsOf(options: RerankerOptions): Load {
  return {
    requests: options.maximumRequests ?? Infinity,
    pairs: options.maximumPairs,
    tokens: options.maximumQueuedTokens ?? Infinity,
    bytes: options.maximumQueuedBytes ?? Infinity,
  }
}

function tokensAllowed({ model, maximumTokens, maximumBatchTokens }: RerankerOptions): number {
  const tokens = maximumTokens ?? model.defaultMaximumTokens
  if (!Number.isInteger(tokens) || tokens < leastTokens || tokens > model.maximumTokens) {
    throw usageError(
      `--max-length ${String(tokens)} is not possible with ${model.name}: give a whole number from ${String(leastTokens)} to ${String(model.maximumTokens)}.`,
    )
  }
  if (maximumBatchTokens !== undefined && maximumBatchTokens < tokens) {
    throw usageError(
      `--max-batch-tokens ${String(maximumBatchTokens)} does not hold one pair of ${String(tokens)} tokens: raise it or lower --max-length.`,
    )
  }
  return tokens
}
