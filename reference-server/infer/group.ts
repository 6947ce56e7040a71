import { unhealthy, type RerankFailure } from '../../core/rerank.ts'
import type { BatchResult, PackedBatch } from '../batch/packed.ts'
import type { DeviceWish } from './devices.ts'
import { InferenceProcess, type LauncherOptions } from './launcher.ts'
import type { InferenceSetup } from './messages.ts'

/** Two batches a device: one that computes and one that is already there when it ends. */
const batchesPerDevice = 2

/** One inference process a device, and which of them gets the next batch. */
export class InferenceGroup {
  readonly #processes: readonly InferenceProcess[]

  private constructor(processes: readonly InferenceProcess[]) {
    this.#processes = processes
  }

  /**
   * Throws an environment error when the model cannot be loaded on each of the devices. `onLost` is
   * called when the last of them died: nothing that waits will be computed soon.
   */
  static async start({
    setup,
    devices,
    onLost,
    ...options
  }: Omit<LauncherOptions, 'setup' | 'onDeath'> & {
    readonly setup: Omit<InferenceSetup, 'device'>
    readonly devices: readonly DeviceWish[]
    readonly onLost: (failure: RerankFailure) => void
  }): Promise<InferenceGroup> {
    const processes: InferenceProcess[] = []
    const onDeath = (failure: RerankFailure) => {
      if (!processes.some(({ ready }) => ready)) onLost(failure)
    }
    try {
      // One after the other: loading a model takes its memory twice for a while.
      for (const device of devices) {
        const own = { ...options, setup: { ...setup, device }, onDeath }
        processes.push(await InferenceProcess.start(own))
      }
    } catch (error) {
      await Promise.all(processes.map((one) => one.stop()))
      throw error
    }
    return new InferenceGroup(processes)
  }

  get ready(): boolean {
    return this.#running.length > 0
  }

  /** Devices that work. */
  get size(): number {
    return this.#running.length
  }

  /** Batches that may be under way together; more would only take the choice away from later requests. */
  get slots(): number {
    return batchesPerDevice * this.size
  }

  /** What is really computed on; of a device whose process died, the last. */
  get device(): string {
    return this.#processes.map(({ device }) => device).join(',')
  }

  get restarts(): number {
    return sum(this.#processes.map(({ restarts }) => restarts))
  }

  /** Of the processes that run; undefined when none does. */
  get residentBytes(): number | undefined {
    const known = this.#processes.flatMap(({ residentBytes }) => residentBytes ?? [])
    return known.length === 0 ? undefined : sum(known)
  }

  /** For tests that kill one. */
  get processIds(): readonly number[] {
    return this.#processes.flatMap(({ processId }) => processId ?? [])
  }

  /** Summed over the devices. */
  busySeconds(): number {
    return sum(this.#processes.map((one) => one.busySeconds()))
  }

  /** Gives the batch to the device with the fewest under way. Rejects as `InferenceProcess.infer`. */
  infer(batch: PackedBatch): Promise<BatchResult> {
    const [first, ...others] = this.#running
    if (first === undefined) return Promise.reject(unhealthy())
    const freest = others.reduce(
      (least, one) => (one.batchesUnderWay < least.batchesUnderWay ? one : least),
      first,
    )
    return freest.infer(batch)
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((one) => one.stop()))
  }

  get #running(): readonly InferenceProcess[] {
    return this.#processes.filter(({ ready }) => ready)
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
