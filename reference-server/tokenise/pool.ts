import { Worker } from 'node:worker_threads'
import { environmentError, messageOf } from '../../core/errors.ts'
import { compiledModule } from '../../core/program.ts'
import { RerankFailure, type TruncationDirection } from '../../core/rerank.ts'
import type { EncodeCall, PairTemplate, WorkerMessage, WorkerSetup } from './messages.ts'

interface Pending {
  readonly resolve: (lists: readonly Int32Array[]) => void
  readonly reject: (failure: Error) => void
}

interface Member {
  readonly worker: Worker
  readonly pending: Map<number, Pending>
}

/** Tokeniser workers: splitting text costs more than everything else that HTTP needs. */
export class TokeniserPool {
  readonly template: PairTemplate
  readonly #setup: WorkerSetup
  readonly #members: Member[]
  readonly #log: (line: string) => void
  #calls = 0
  #closing = false

  private constructor(
    setup: WorkerSetup,
    workers: readonly Worker[],
    template: PairTemplate,
    log: (line: string) => void,
  ) {
    this.#setup = setup
    this.template = template
    this.#log = log
    this.#members = workers.map((worker) => this.#enrol(worker))
  }

  /** Throws an environment error when the model's tokeniser cannot be loaded. */
  static async start(
    setup: WorkerSetup,
    count: number,
    log: (line: string) => void,
  ): Promise<TokeniserPool> {
    const workers = Array.from({ length: count }, () => spawn(setup))
    try {
      const [template] = await Promise.all(workers.map(readiness))
      if (template === undefined) throw new Error('a pool has at least one worker')
      return new TokeniserPool(setup, workers, template, log)
    } catch (error) {
      await Promise.all(workers.map((worker) => worker.terminate()))
      throw environmentError(
        `The model's tokenizer.json cannot be used: ${messageOf(error)}. Export the model again.`,
      )
    }
  }

  /**
   * The ids of each text, at most `limit` of them, without special tokens. Rejects with a
   * `RerankFailure`: `tokenizer` when a text cannot be split, `unhealthy` when a worker died.
   */
  encode(
    texts: readonly string[],
    limit: number,
    direction: TruncationDirection,
  ): Promise<readonly Int32Array[]> {
    if (texts.length === 0) return Promise.resolve([])
    const member = this.#members.reduce((least, one) =>
      one.pending.size < least.pending.size ? one : least,
    )
    const id = (this.#calls += 1)
    return new Promise((resolve, reject) => {
      member.pending.set(id, { resolve, reject })
      member.worker.postMessage({ id, texts, limit, direction } satisfies EncodeCall)
    })
  }

  async close(): Promise<void> {
    this.#closing = true
    await Promise.all(this.#members.map(({ worker }) => worker.terminate()))
  }

  #enrol(worker: Worker): Member {
    const member: Member = { worker, pending: new Map() }
    worker.on('message', (message: WorkerMessage) => {
      if (message.kind === 'ready') return
      const pending = member.pending.get(message.id)
      member.pending.delete(message.id)
      if (message.kind === 'encoded') pending?.resolve(split(message.ids, message.lengths))
      else
        pending?.reject(new RerankFailure('tokenizer', 'tokenizer error: the text cannot be split'))
    })
    worker.on('error', (error) => {
      this.#log(`A tokeniser worker failed: ${error.message}`)
    })
    worker.on('exit', () => {
      const failure = new RerankFailure('unhealthy', 'a tokeniser worker stopped, try again')
      for (const { reject } of member.pending.values()) reject(failure)
      if (this.#closing) return
      this.#members[this.#members.indexOf(member)] = this.#enrol(spawn(this.#setup))
    })
    return member
  }
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
  })
}

function split(ids: Int32Array, lengths: Int32Array): readonly Int32Array[] {
  let at = 0
  return Array.from(lengths, (length) => {
    at += length
    return ids.subarray(at - length, at)
  })
}
