import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import type { MemoryFacts } from '../../comparison/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { Snapshot } from '../../core/snapshot.ts'
import { startProgram, type RunningProgram } from '../children.ts'

/** What the driver says of the GPUs' memory at one moment. */
interface Look {
  readonly usedBytes: number
  /** By process; empty where the driver tells none. */
  readonly processes: ReadonlyMap<number, number>
}

/** The driver's first answer takes a while where nothing keeps it loaded. */
const findSeconds = 15
const settleSeconds = 2
/** A reading of the processes comes every ten seconds. */
const processPatienceSeconds = 12

/**
 * Looks at the GPUs of this machine while targets come and go: a sidecar that watches no reranker.
 */
export class DeviceWatch {
  readonly #sidecar: RunningProgram
  readonly #context: WatchContext

  private constructor(sidecar: RunningProgram, context: WatchContext) {
    this.#sidecar = sidecar
    this.#context = context
  }

  /** Undefined on a machine without nvidia-smi, and on one where it sees no GPU. */
  static async open(context: WatchContext): Promise<DeviceWatch | undefined> {
    if (!(await isOnPath('nvidia-smi', context.path))) return undefined
    const sidecar = await startProgram(
      [
        ...['sidecar', '--server', 'none', '--gpu', 'nvidia-smi', '--inventory', '10'],
        ...['--listen', '127.0.0.1:0'],
      ],
      context,
    )
    const { clock, signal } = context
    const giveUp = clock.monotonicSeconds() + findSeconds
    while (!signal.aborted && clock.monotonicSeconds() < giveUp) {
      const { gpus } = await snapshotOf(sidecar.url)
      if (gpus.some(({ up }) => up)) return new DeviceWatch(sidecar, context)
      await clock.sleep(0.2, signal)
    }
    await sidecar.stop()
    return undefined
  }

  async look(): Promise<Look> {
    return lookAt(await snapshotOf(this.#sidecar.url))
  }

  /** What has come since `before`, once the driver has had time to see it. */
  async since(before: Look): Promise<MemoryFacts> {
    const { clock, signal } = this.#context
    await clock.sleep(settleSeconds, signal)
    let now = await this.look()
    const giveUp = clock.monotonicSeconds() + processPatienceSeconds
    while (
      newProcessBytes(before, now) === undefined &&
      !signal.aborted &&
      clock.monotonicSeconds() < giveUp
    ) {
      await clock.sleep(1, signal)
      now = await this.look()
    }
    return memoryFactsOf(before, now)
  }

  close(): Promise<void> {
    return this.#sidecar.stop()
  }
}

interface WatchContext {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Where programs are looked for: PATH. */
  readonly path: string
}

async function isOnPath(program: string, path: string): Promise<boolean> {
  const found = await Promise.all(
    path.split(delimiter).map((folder) =>
      access(join(folder, program), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  )
  return found.includes(true)
}

export async function snapshotOf(sidecarUrl: string): Promise<Snapshot> {
  const response = await fetch(`${sidecarUrl}/status`)
  return (await response.json()) as Snapshot
}

export function lookAt({ gpus }: Pick<Snapshot, 'gpus'>): Look {
  const up = gpus.filter((gpu) => gpu.up)
  const processes = up.flatMap(({ inventory }) => inventory?.processes ?? [])
  return {
    usedBytes: up.reduce((sum, { sample }) => sum + (sample.memoryUsedBytes ?? 0), 0),
    processes: new Map(
      processes.flatMap(({ pid, memoryUsedBytes }) =>
        memoryUsedBytes === undefined ? [] : [[pid, memoryUsedBytes] as const],
      ),
    ),
  }
}

export function memoryFactsOf(before: Look, now: Look): MemoryFacts {
  const processBytes = newProcessBytes(before, now)
  return {
    of: 'device',
    beforeBytes: before.usedBytes,
    loadedBytes: now.usedBytes,
    ...(processBytes !== undefined && { processBytes }),
  }
}

/** Undefined while no process is seen that was not there before. */
function newProcessBytes(before: Look, now: Look): number | undefined {
  const fresh = [...now.processes].filter(([pid]) => !before.processes.has(pid))
  return fresh.length === 0 ? undefined : fresh.reduce((sum, [, bytes]) => sum + bytes, 0)
}
