import { fork, type ChildProcess } from 'node:child_process'
import { within, type Clock } from '../../core/clock.ts'
import { environmentError } from '../../core/errors.ts'
import { compiledModule } from '../../core/program.ts'
import { RerankFailure, unhealthy } from '../../core/rerank.ts'
import { formatDuration } from '../../core/units.ts'
import type { BatchResult, PackedBatch } from '../batch/packed.ts'
import { revive } from '../revive.ts'
import { wishAgain, type Device, type DeviceWish } from './devices.ts'
import type { FromProcess, InferenceSetup, ToProcess } from './messages.ts'

interface UnderWay {
  readonly sentSeconds: number
  readonly resolve: (result: BatchResult) => void
  readonly reject: (failure: Error) => void
}

export interface LauncherOptions {
  readonly setup: InferenceSetup
  /** A batch that takes longer hangs: the process is ended, as if it had died. Absent: never. */
  readonly hangSeconds?: number
  readonly clock: Clock
  readonly log: (line: string) => void
  /** Called when the process died, before it is started again. */
  readonly onDeath: (failure: RerankFailure) => void
}

const longestStopSeconds = 5

/** The inference process as seen from the main thread: keeps one running, and keeps its accounts. */
export class InferenceProcess {
  readonly #options: LauncherOptions
  readonly #stopping = new AbortController()
  readonly #underWay = new Map<number, UnderWay>()
  #child: ChildProcess | undefined
  #watch = new AbortController()
  #device: Device = 'cpu'
  #sent = 0
  #doneSeconds = 0
  #busySeconds = 0
  #shownBusySeconds = 0
  #residentBytes: number | undefined
  #restarts = 0
  #supervising: Promise<void> = Promise.resolve()

  private constructor(options: LauncherOptions) {
    this.#options = options
  }

  /** Throws an environment error when the model cannot be loaded on the device asked for. */
  static async start(options: LauncherOptions): Promise<InferenceProcess> {
    const inference = new InferenceProcess(options)
    const problem = await inference.#launch(options.setup.device)
    if (problem === undefined) return inference
    await inference.stop()
    throw environmentError(
      options.setup.device.kind === 'cuda'
        ? `The model cannot run on CUDA (${problem}): see \`rerankscope doctor\` for what is missing, or use --device cpu.`
        : `The model cannot be loaded (${problem}): check that model.onnx is a cross-encoder with one logit.`,
    )
  }

  get ready(): boolean {
    return this.#child !== undefined
  }

  get device(): Device {
    return this.#device
  }

  get restarts(): number {
    return this.#restarts
  }

  get batchesUnderWay(): number {
    return this.#underWay.size
  }

  /** Undefined while no process runs. */
  get residentBytes(): number | undefined {
    return this.#child === undefined ? undefined : this.#residentBytes
  }

  /** For tests that kill it. */
  get processId(): number | undefined {
    return this.#child?.pid
  }

  /**
   * Time in which the process was computing. Of a batch under way it counts the time since it was
   * given (or since the one before it ended); never falls, although that is a little too much.
   */
  busySeconds(): number {
    const [current] = this.#underWay.values()
    const now = this.#options.clock.monotonicSeconds()
    const running =
      current === undefined ? 0 : now - Math.max(current.sentSeconds, this.#doneSeconds)
    this.#shownBusySeconds = Math.max(this.#shownBusySeconds, this.#busySeconds + running)
    return this.#shownBusySeconds
  }

  /** Rejects with a `RerankFailure`: `unhealthy` when the process dies, `backend` when the run fails. */
  infer(batch: PackedBatch): Promise<BatchResult> {
    const child = this.#child
    if (child === undefined) return Promise.reject(unhealthy())
    const id = (this.#sent += 1)
    return new Promise((resolve, reject) => {
      const sentSeconds = this.#options.clock.monotonicSeconds()
      this.#underWay.set(id, { sentSeconds, resolve, reject })
      send(child, { kind: 'infer', id, batch })
      if (this.#underWay.size === 1) this.#watchOver(child)
    })
  }

  /** Lets a batch that computes end, but not for long; waits for no model to load; leaves no process behind. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#supervising
    const child = this.#child
    if (child === undefined) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    if (child.connected) child.disconnect()
    await within(this.#options.clock, longestStopSeconds, gone)
    child.kill('SIGKILL')
    await gone
  }

  /** Resolves when the model is loaded, with a sentence when it cannot be; a stop ends it. */
  async #launch(device: DeviceWish): Promise<string | undefined> {
    const child = fork(compiledModule('reference-server/infer/process.js'), {
      serialization: 'advanced',
    })
    const { signal } = this.#stopping
    const end = () => child.kill('SIGKILL')
    signal.addEventListener('abort', end, { once: true })
    try {
      return await this.#loaded(child, { ...this.#options.setup, device })
    } finally {
      signal.removeEventListener('abort', end)
    }
  }

  #loaded(child: ChildProcess, setup: InferenceSetup): Promise<string | undefined> {
    return new Promise((resolve) => {
      child.on('message', (message: FromProcess) => {
        switch (message.kind) {
          case 'ready':
            this.#child = child
            this.#device = message.device
            this.#residentBytes = message.residentBytes
            for (const note of message.notes) this.#options.log(`Not used: ${note}`)
            resolve(undefined)
            break
          case 'unusable':
            child.disconnect()
            resolve(message.message)
            break
          case 'scored':
          case 'failed':
            this.#settle(child, message)
            break
        }
      })
      child.on('error', (error) => {
        resolve(error.message)
      })
      child.once('exit', (code, signal) => {
        resolve(`the inference process ended with ${signal ?? `code ${String(code)}`}`)
        if (this.#child === child) this.#bury(signal ?? `code ${String(code)}`)
      })
      send(child, { kind: 'load', setup })
    })
  }

  /** Until the next batch ends: a driver can hang for ever, and a process that hangs never exits. */
  #watchOver(child: ChildProcess): void {
    this.#watch.abort()
    const { hangSeconds, clock, log } = this.#options
    if (hangSeconds === undefined || this.#underWay.size === 0) return
    const watch = (this.#watch = new AbortController())
    void clock.sleep(hangSeconds, watch.signal).then(() => {
      if (watch.signal.aborted) return
      log(`A batch has not come back for ${formatDuration(hangSeconds)}: it hangs.`)
      child.kill('SIGKILL')
    })
  }

  #settle(child: ChildProcess, message: FromProcess & { kind: 'scored' | 'failed' }): void {
    const batch = this.#underWay.get(message.id)
    this.#underWay.delete(message.id)
    this.#watchOver(child)
    this.#doneSeconds = this.#options.clock.monotonicSeconds()
    if (message.kind === 'failed') {
      this.#options.log(`A batch failed: ${message.message}`)
      batch?.reject(new RerankFailure('backend', 'Backend error: the model could not be run'))
      return
    }
    this.#busySeconds += message.inferSeconds
    this.#residentBytes = message.residentBytes
    const { logits, inferSeconds, splits } = message
    if (splits > 0) this.#options.log('A batch did not fit into memory and was computed in parts.')
    batch?.resolve({ logits, inferSeconds, splits })
  }

  #bury(cause: string): void {
    this.#busySeconds = this.busySeconds()
    this.#child = undefined
    this.#watch.abort()
    const failure = unhealthy()
    for (const { reject } of this.#underWay.values()) reject(failure)
    this.#underWay.clear()
    if (this.#stopping.signal.aborted) return
    this.#options.log(`The inference process died (${cause}); it is being started again.`)
    this.#options.onDeath(failure)
    const last = this.#device
    let attempt = 0
    this.#supervising = revive(
      () => {
        this.#restarts += 1
        attempt += 1
        return this.#launch(wishAgain(this.#options.setup.device, last, attempt))
      },
      {
        clock: this.#options.clock,
        signal: this.#stopping.signal,
        onProblem: (problem) => {
          this.#options.log(`The inference process could not be started again: ${problem}`)
        },
      },
    )
  }
}

function send(child: ChildProcess, message: ToProcess): void {
  // A failed send means that the process is gone; its exit event tells everyone who waits.
  child.send(message, () => undefined)
}
