import { Worker } from 'node:worker_threads'
import type { Clock } from '../../core/clock.ts'
import { environmentError, messageOf } from '../../core/errors.ts'
import { compiledModule } from '../../core/program.ts'
import { RerankFailure } from '../../core/rerank.ts'
import { revive } from '../revive.ts'
import type { EncodeCall, PairTemplate, WorkerMessage, WorkerSetup } from './messages.ts'
import type { LostPart } from './truncation.ts'

interface Pending {
  readonly resolve: (lists: readonly Int32Array[]) => void
  readonly reject: (failure: Error) => void
}

interface Member {
  readonly worker: Worker
  readonly pending: Map<number, Pending>
}

export interface PoolOptions {
  readonly setup: WorkerSetup
  readonly workers: number
  readonly clock: Pick<Clock, 'sleep'>
  readonly log: (line: string) => void
}

/** Tokeniser workers: splitting text costs more than everything else that HTTP needs. */
export class TokeniserPool {
  readonly template: PairTemplate
  readonly #options: PoolOptions
  /** Those that work; one that died is not among them until another has taken its place. */
  readonly #members = new Set<Member>()
  readonly #stopping = new AbortController()
  #calls = 0

  private constructor(options: PoolOptions, workers: readonly Worker[], template: PairTemplate) {
    this.#options = options
    this.template = template
    for (const worker of workers) this.#enrol(worker)
  }

  /** Throws an environment error when the model's tokeniser cannot be loaded. */
  static async start(options: PoolOptions): Promise<TokeniserPool> {
    const workers = Array.from({ length: options.workers }, () => spawn(options.setup))
    try {
      const [template] = await Promise.all(workers.map(readiness))
      if (template === undefined) throw new Error('a pool has at least one worker')
      return new TokeniserPool(options, workers, template)
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()))
      // JSON.parse quotes the file, line breaks and all.
      const why = messageOf(error).replace(/\s+/g, ' ')
      throw environmentError(
        `The model's tokenizer.json cannot be used: ${why}. Export the model again.`,
      )
    }
  }

  /** Whether any worker works. */
  get ready(): boolean {
    return this.#members.size > 0
  }

  /**
   * The ids of each text, at most `limit` of them, without special tokens; many texts are shared among
   * the workers. Rejects with a `RerankFailure`: `tokenizer` when a text cannot be split, `unhealthy` when
   * its worker died or none is there.
   */
  async encode(
    texts: readonly string[],
    limit: number,
    lost: LostPart,
  ): Promise<readonly Int32Array[]> {
    const shares = sharesOf(texts, this.#members.size, limit)
    const encoded = await Promise.all(
      shares.map((share) => this.#encodeShare({ texts: share, limit, lost })),
    )
    return encoded.flat()
  }

  #encodeShare(call: Omit<EncodeCall, 'id'>): Promise<readonly Int32Array[]> {
    const [first, ...others] = this.#members
    if (first === undefined) return Promise.reject(stopped())
    const member = others.reduce(
      (least, one) => (one.pending.size < least.pending.size ? one : least),
      first,
    )
    const id = (this.#calls += 1)
    return new Promise((resolve, reject) => {
      member.pending.set(id, { resolve, reject })
      member.worker.postMessage({ ...call, id } satisfies EncodeCall)
    })
  }

  async close(): Promise<void> {
    this.#stopping.abort()
    await Promise.all(Array.from(this.#members, ({ worker }) => worker.terminate()))
  }

  #enrol(worker: Worker): void {
    const member: Member = { worker, pending: new Map() }
    this.#members.add(member)
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') return
      const pending = member.pending.get(message.id)
      member.pending.delete(message.id)
      if (message.kind === 'encoded') pending?.resolve(split(message.ids, message.lengths))
      else
        pending?.reject(new RerankFailure('tokenizer', 'tokenizer error: the text cannot be split'))
    })
    worker.on('error', (error) => {
      this.#options.log(`A tokeniser worker failed: ${error.message}`)
    })
    worker.on('exit', () => {
      this.#members.delete(member)
      for (const { reject } of member.pending.values()) reject(stopped())
      if (!this.#stopping.signal.aborted) void this.#replace()
    })
  }

  #replace(): Promise<void> {
    const { setup, clock, log } = this.#options
    const { signal } = this.#stopping
    const attempt = async () => {
      try {
        const worker = spawn(setup)
        await readiness(worker)
        if (signal.aborted) await worker.terminate()
        else this.#enrol(worker)
        return undefined
      } catch (error) {
        return messageOf(error)
      }
    }
    return revive(attempt, {
      clock,
      signal,
      onProblem: (problem) => {
        log(`A tokeniser worker could not be started again: ${problem}`)
      },
    })
  }
}

/** A share below this is done in less time than it takes to wake another worker for it. */
const smallestShareCharacters = 10_000

/** The texts, in their order, in at most `most` shares of about as many characters that will be read. */
function sharesOf(
  texts: readonly string[],
  most: number,
  limit: number,
): readonly (readonly string[])[] {
  // A long text is not read to its end: see `encodeAtMost`.
  const readOf = (text: string) => Math.min(text.length, limit * usualCharactersPerToken)
  const total = texts.reduce((sum, text) => sum + readOf(text), 0)
  const count = Math.min(most, Math.floor(total / smallestShareCharacters))
  if (count < 2) return texts.length === 0 ? [] : [texts]
  const shares = Array.from({ length: count }, (): string[] => [])
  let before = 0
  for (const text of texts) {
    shares[Math.min(count - 1, Math.floor((before * count) / total))]?.push(text)
    before += readOf(text)
  }
  return shares.filter((share) => share.length > 0)
}

/** In English; Chinese has less. */
const usualCharactersPerToken = 5

function stopped(): RerankFailure {
  return new RerankFailure('unhealthy', 'a tokeniser worker stopped, try again')
}

function spawn(setup: WorkerSetup): Worker {
  return new Worker(compiledModule('reference-server/tokenise/worker.js'), { workerData: setup })
}

function readiness(worker: Worker): Promise<PairTemplate> {
  return new Promise((resolve, reject) => {
    worker.once('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') resolve(message.template)
    })
    worker.once('error', reject)
    worker.once('exit', () => {
      reject(new Error('the worker ended before it was ready'))
    })
  })
}

function split(ids: Int32Array, lengths: Int32Array): readonly Int32Array[] {
  let at = 0
  return Array.from(lengths, (length) => {
    at += length
    return ids.subarray(at - length, at)
  })
}
