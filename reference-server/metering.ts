import { Histogram } from '../core/histogram.ts'
import { metrics } from '../core/metrics.ts'
import { reading, readingIfKnown, type Reading } from '../core/reading.ts'
import { failureKinds, type FailureKind } from '../core/rerank.ts'
import { paddingRatioOf, type BatchResult, type PackedBatch } from './batch/packed.ts'

/** Why a rerank request got no scores: the failures that it was told, and having hung up. */
export type ErrorClass = FailureKind | 'abandoned'
const errorClasses: readonly ErrorClass[] = [...failureKinds, 'abandoned']
const stages = ['tokenise', 'queue', 'infer'] as const
const caches = ['scores', 'tokens'] as const
export type CacheName = (typeof caches)[number]
/** Why pairs that waited were never computed. */
const dropReasons = ['deadline', 'disconnect', 'failure'] as const
export type DropReason = (typeof dropReasons)[number]

/** What only the running parts know at the moment of a scrape. */
export interface Gauges {
  readonly version: string
  readonly model: string
  readonly dtype: string
  readonly device: string
  readonly queuedPairs: number
  readonly inferenceBusySeconds: number
  /** Undefined while no inference process runs. */
  readonly inferenceResidentBytes: number | undefined
  readonly inferenceRestarts: number
}

/** The server's own counts. Everything exists from the start: a counter that appears late hides its first rise. */
export class Metering {
  readonly #errors = new Map(errorClasses.map((kind) => [kind, 0]))
  readonly #requestSeconds = histogramOf(metrics.requestDuration)
  readonly #stageSeconds = {
    tokenise: histogramOf(metrics.stageDuration),
    queue: histogramOf(metrics.stageDuration),
    infer: histogramOf(metrics.stageDuration),
  }
  readonly #documents = histogramOf(metrics.documentsPerQuery)
  readonly #batchPairs = histogramOf(metrics.batchPairs)
  readonly #paddingRatio = histogramOf(metrics.paddingRatio)
  #requests = 0
  #inFlight = 0
  #pairs = 0
  #tokens = 0
  #truncatedPairs = 0
  #memorySplits = 0
  readonly #hits = new Map(caches.map((cache) => [cache, 0]))
  readonly #misses = new Map(caches.map((cache) => [cache, 0]))
  readonly #dropped = new Map(dropReasons.map((reason) => [reason, 0]))

  requestAccepted(): void {
    this.#inFlight += 1
  }

  /** Exactly once for each `requestAccepted`. */
  requestLeft(): void {
    this.#inFlight -= 1
  }

  requestSucceeded(seconds: number): void {
    this.#requests += 1
    this.#requestSeconds.observe(seconds)
  }

  requestFailed(kind: ErrorClass): void {
    this.#requests += 1
    add(this.#errors, kind, 1)
  }

  askedFor(documents: number): void {
    this.#documents.observe(documents)
  }

  tokenised(seconds: number): void {
    this.#stageSeconds.tokenise.observe(seconds)
  }

  truncated(pairs: number): void {
    this.#truncatedPairs += pairs
  }

  lookedUp(cache: CacheName, hits: number, misses: number): void {
    add(this.#hits, cache, hits)
    add(this.#misses, cache, misses)
  }

  dropped(pairs: number, reason: DropReason): void {
    add(this.#dropped, reason, pairs)
  }

  queued(seconds: number): void {
    this.#stageSeconds.queue.observe(seconds)
  }

  inferred(batch: PackedBatch, { inferSeconds, splits }: BatchResult): void {
    this.#memorySplits += splits
    this.#stageSeconds.infer.observe(inferSeconds)
    this.#batchPairs.observe(batch.lengths.length)
    this.#paddingRatio.observe(paddingRatioOf(batch))
    this.#pairs += batch.lengths.length
    this.#tokens += batch.ids.length
  }

  readings(gauges: Gauges): readonly Reading[] {
    const { model, dtype, device, version } = gauges
    return [
      reading(metrics.buildInfo, { version, program: 'reference-server' }, 1),
      reading(metrics.modelInfo, { model, dtype, device, server: 'rerankscope' }, 1),
      reading(metrics.requests, {}, this.#requests),
      ...[...this.#errors].map(([kind, count]) => reading(metrics.errors, { class: kind }, count)),
      reading(metrics.pairs, {}, this.#pairs),
      reading(metrics.tokens, {}, this.#tokens),
      reading(metrics.truncatedPairs, {}, this.#truncatedPairs),
      reading(metrics.requestDuration, {}, this.#requestSeconds.value()),
      ...stages.map((stage) =>
        reading(metrics.stageDuration, { stage }, this.#stageSeconds[stage].value()),
      ),
      reading(metrics.documentsPerQuery, {}, this.#documents.value()),
      reading(metrics.batchPairs, {}, this.#batchPairs.value()),
      reading(metrics.paddingRatio, {}, this.#paddingRatio.value()),
      reading(metrics.queuePairs, {}, gauges.queuedPairs),
      reading(metrics.inFlightRequests, {}, this.#inFlight),
      ...[...this.#hits].map(([cache, count]) => reading(metrics.cacheHits, { cache }, count)),
      ...[...this.#misses].map(([cache, count]) => reading(metrics.cacheMisses, { cache }, count)),
      ...[...this.#dropped].map(([reason, count]) =>
        reading(metrics.droppedPairs, { reason }, count),
      ),
      reading(metrics.inferenceBusySeconds, {}, gauges.inferenceBusySeconds),
      ...readingIfKnown(metrics.inferenceResidentBytes, {}, gauges.inferenceResidentBytes),
      reading(metrics.inferenceRestarts, {}, gauges.inferenceRestarts),
      reading(metrics.inferenceMemorySplits, {}, this.#memorySplits),
    ]
  }
}

function histogramOf({ bounds = [] }: { readonly bounds?: readonly number[] }): Histogram {
  return new Histogram(bounds)
}

function add<K>(counts: Map<K, number>, key: K, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount)
}
