import type { Clock } from '../../core/clock.ts'
import { unhealthy } from '../../core/rerank.ts'
import type { PairTemplate } from '../tokenise/messages.ts'
import type { TokenPair } from '../tokenise/pair.ts'
import { pack, type BatchResult, type PackedBatch } from './packed.ts'
import { BatchQueue, type QueuedPair, type QueueLimits } from './queue.ts'

/** The caller of a request has gone: nobody waits for the answer. */
export class AbandonedError extends Error {
  override readonly name = 'AbandonedError'
}

export interface Scored {
  /** One a pair, in the order they were submitted. */
  readonly logits: Float32Array
  /** From submission until the first pair was given to the device. */
  readonly queueSeconds: number
}

interface Waiting {
  readonly pairs: readonly TokenPair[]
  readonly logits: Float32Array
  readonly submittedSeconds: number
  queueSeconds: number | undefined
  missing: number
  readonly resolve: (scored: Scored) => void
  readonly reject: (error: Error) => void
}

/**
 * Runs the batch queue against the devices. As many batches are under way as there are slots: enough
 * that no device waits for us, and no more, so that requests which arrive meanwhile have their say.
 */
export class BatchScheduler {
  readonly #queue: BatchQueue
  readonly #template: PairTemplate
  readonly #infer: (batch: PackedBatch) => Promise<BatchResult>
  readonly #clock: Pick<Clock, 'monotonicSeconds'>
  readonly #slots: () => number
  readonly #onBatch: (batch: PackedBatch, result: BatchResult) => void
  readonly #onDropped: (pairs: number, cause: unknown) => void
  readonly #waiting = new Map<number, Waiting>()
  #submitted = 0
  #underWay = 0

  constructor(options: {
    limits: QueueLimits
    template: PairTemplate
    /** Rejects when the batch cannot be computed; its requests then fail with that error. */
    infer: (batch: PackedBatch) => Promise<BatchResult>
    /** How many batches may be under way now; 0: no device works. */
    slots: () => number
    clock: Pick<Clock, 'monotonicSeconds'>
    onBatch: (batch: PackedBatch, result: BatchResult) => void
    /** Pairs that waited and will never be computed, and why. */
    onDropped: (pairs: number, cause: unknown) => void
  }) {
    this.#queue = new BatchQueue(options.limits)
    this.#template = options.template
    this.#infer = options.infer
    this.#clock = options.clock
    this.#slots = options.slots
    this.#onBatch = options.onBatch
    this.#onDropped = options.onDropped
  }

  get queuedPairs(): number {
    return this.#queue.pairs
  }

  /**
   * Rejects with what `infer` rejected with, with the reason of `signal` when it aborts, and with an
   * `unhealthy` failure where no device is left.
   */
  submit(pairs: readonly TokenPair[], signal: AbortSignal): Promise<Scored> {
    if (signal.aborted) return Promise.reject(signal.reason as Error)
    // The last device died while these were tokenised: nothing would ever wake what waited for it.
    if (this.#slots() === 0) return Promise.reject(unhealthy())
    const id = (this.#submitted += 1)
    return new Promise((resolve, reject) => {
      const abandon = () => {
        this.#fail(id, signal.reason as Error)
      }
      signal.addEventListener('abort', abandon, { once: true })
      this.#waiting.set(id, {
        pairs,
        logits: new Float32Array(pairs.length),
        submittedSeconds: this.#clock.monotonicSeconds(),
        queueSeconds: undefined,
        missing: pairs.length,
        resolve: (scored) => {
          signal.removeEventListener('abort', abandon)
          resolve(scored)
        },
        reject: (error) => {
          signal.removeEventListener('abort', abandon)
          reject(error)
        },
      })
      this.#queue.add(
        id,
        pairs.map((pair) => pair.tokens),
      )
      this.#pump()
    })
  }

  /** The device is gone: everything that waits or computes fails at once. */
  failAll(error: Error): void {
    for (const id of [...this.#waiting.keys()]) this.#fail(id, error)
  }

  #pump(): void {
    while (this.#underWay < this.#slots()) {
      const batch = this.#queue.next()
      if (batch.length === 0) return
      this.#underWay += 1
      void this.#compute(batch)
    }
  }

  async #compute(batch: readonly QueuedPair[]): Promise<void> {
    const now = this.#clock.monotonicSeconds()
    const pairs = batch.flatMap(({ request, index }) => {
      const waiting = this.#waiting.get(request)
      if (waiting !== undefined) waiting.queueSeconds ??= now - waiting.submittedSeconds
      return waiting?.pairs[index] ?? []
    })
    const packed = pack(pairs, this.#template)
    try {
      const result = await this.#infer(packed)
      this.#onBatch(packed, result)
      this.#distribute(batch, result)
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error))
      for (const request of new Set(batch.map((pair) => pair.request))) {
        this.#fail(request, failure)
      }
    } finally {
      this.#underWay -= 1
      this.#pump()
    }
  }

  #distribute(batch: readonly QueuedPair[], { logits }: BatchResult): void {
    for (const [at, { request, index }] of batch.entries()) {
      const waiting = this.#waiting.get(request)
      if (waiting === undefined) continue
      waiting.logits[index] = logits[at] ?? Number.NaN
      waiting.missing -= 1
      if (waiting.missing > 0) continue
      this.#waiting.delete(request)
      waiting.resolve({ logits: waiting.logits, queueSeconds: waiting.queueSeconds ?? 0 })
    }
  }

  #fail(id: number, error: Error): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    const dropped = this.#queue.drop(id)
    if (dropped > 0) this.#onDropped(dropped, error)
    waiting?.reject(error)
  }
}
