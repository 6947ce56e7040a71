import {
  estimatedSeconds,
  pendingOf,
  remainingSeconds,
  type Cell,
  type Matrix,
  type Visit,
} from '../../comparison/index.ts'
import type { Clock } from '../../core/clock.ts'
import { UserError } from '../../core/errors.ts'
import { formatSpan } from '../../core/units.ts'
import type { BenchFolder } from './bench-folder.ts'
import { cellFolder, measureCell, type Outcome } from './cell.ts'
import type { DeviceWatch } from './device-watch.ts'
import { openTarget, type OpenTarget } from './open-target.ts'

export interface MeasureContext {
  readonly matrix: Matrix
  readonly folder: BenchFolder
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly watch: DeviceWatch | undefined
  /** By target. */
  readonly apiKeys: ReadonlyMap<string, string>
  /** By target: what `serve --model` is given. */
  readonly models: ReadonlyMap<string, string>
  /** Cells that failed or are invalid are measured again. */
  readonly retry: boolean
  readonly tell: (line: string) => void
}

/**
 * Measures every cell that is not done. What goes wrong with a target is the record of a cell, never
 * the end of the others; a cell that was interrupted has no record.
 */
export async function measureAll(visits: readonly Visit[], context: MeasureContext): Promise<void> {
  const { folder, retry, signal, matrix } = context
  const all = visits.flatMap(({ cells }) => cells).length
  const pending = pendingOf(visits, (cell) => {
    const record = folder.recordOf(cell)
    if (record === undefined) return false
    return !(retry && (record.state === 'failed' || record.state === 'invalid'))
  })
  const left = pending.flatMap(({ cells }) => cells).length
  const progress = new Progress(context, all, all - left, estimatedSeconds(pending, matrix))
  for (const visit of pending) {
    if (signal.aborted) return
    await visitTarget(visit, context, progress)
  }
}

async function visitTarget(
  visit: Visit,
  context: MeasureContext,
  progress: Progress,
): Promise<void> {
  const { matrix, clock, signal, watch, apiKeys, models } = context
  const { target, cells } = visit
  let open: OpenTarget | undefined
  let hopeless: string | undefined
  const isStopped = () => signal.aborted
  try {
    open = await openTarget(target, {
      ...{ clock, signal, watch, timeoutSeconds: matrix.timeoutSeconds },
      apiKey: apiKeys.get(target.name),
      model: models.get(target.name),
    })
  } catch (error) {
    hopeless = reasonOf(error, signal)
  }
  try {
    for (const cell of cells) {
      if (isStopped()) return
      progress.begin(cell)
      const startedAt = isoTime(clock)
      const { outcome, gone } =
        open === undefined || hopeless !== undefined
          ? { outcome: { state: 'failed' as const, reason: hopeless }, gone: false }
          : await tried(cell, open, visit, context)
      // What a person interrupted says nothing about the target.
      if (isStopped()) return
      const { id, fingerprint } = cell
      await context.folder.add({ id, fingerprint, ...outcome, startedAt, endedAt: isoTime(clock) })
      progress.end(visit, cell)
      // The tests after it would only wait for the same.
      if (gone) {
        hopeless = `not tried, because ${cell.test} had failed: ${outcome.reason ?? ''}`
      }
    }
  } finally {
    await open?.close()
  }
}

/** `gone`: nothing came of it at all. */
async function tried(
  cell: Cell,
  open: OpenTarget,
  { target }: Visit,
  { matrix, folder, signal, clock }: MeasureContext,
): Promise<{ readonly outcome: Outcome; readonly gone: boolean }> {
  try {
    const own = cellFolder(folder.path, cell)
    const outcome = await measureCell(cell, { matrix, target, open, folder: own, signal, clock })
    return { outcome, gone: !open.isUp() }
  } catch (error) {
    return { outcome: { state: 'failed', reason: reasonOf(error, signal) }, gone: true }
  }
}

/** Only what a person can act on is a target's fault; anything else is a bug of ours. */
function reasonOf(error: unknown, signal: AbortSignal): string {
  if (error instanceof UserError || signal.aborted) {
    return (error instanceof Error ? error.message : 'interrupted').replace(/\.$/, '')
  }
  throw error
}

/** One line a cell, and how long the rest will take. */
class Progress {
  readonly #context: Pick<MeasureContext, 'tell' | 'clock' | 'matrix'>
  readonly #all: number
  readonly #startedAt: number
  readonly #wholeSeconds: number
  #done: number
  #doneSeconds = 0

  constructor(
    context: Pick<MeasureContext, 'tell' | 'clock' | 'matrix'>,
    all: number,
    done: number,
    wholeSeconds: number,
  ) {
    this.#context = context
    this.#all = all
    this.#done = done
    this.#wholeSeconds = wholeSeconds
    this.#startedAt = context.clock.monotonicSeconds()
  }

  begin({ target, test, round }: Cell): void {
    const { clock, tell } = this.#context
    const left = remainingSeconds(this.#wholeSeconds - this.#doneSeconds, {
      doneSeconds: this.#doneSeconds,
      tookSeconds: clock.monotonicSeconds() - this.#startedAt,
    })
    tell(
      `${String(this.#done + 1)}/${String(this.#all)} ${target}: ${test}, round ${String(round)}; about ${formatSpan(left)} left`,
    )
  }

  end({ target, cells }: Visit, cell: Cell): void {
    this.#done += 1
    // The start of a target belongs to its first cell.
    const started = cells[0] === cell ? target : { ...target, serve: undefined }
    this.#doneSeconds += estimatedSeconds(
      [{ target: started, cells: [cell] }],
      this.#context.matrix,
    )
  }
}

const isoTime = (clock: Clock): string => new Date(clock.wallSeconds() * 1000).toISOString()
