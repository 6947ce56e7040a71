import type { Clock } from '../../core/clock.ts'
import { Histogram, quantile } from '../../core/histogram.ts'
import { durationBounds } from '../../core/metrics.ts'
import type { Observation } from '../../core/observation.ts'
import { entersLatency, responseSecondsOf } from './latency.ts'

/** A run while it lasts. */
export interface Progress {
  readonly profile: string
  readonly elapsedSeconds: number
  readonly scheduledSeconds: number
  readonly planned: number
  readonly sent: number
  readonly ended: number
  readonly failed: number
  /** Queries a second, as planned. */
  readonly offeredRate: number
  /** Succeeded queries a second, over the last second. */
  readonly achievedRate: number
  /** From a histogram, so close but not exact; undefined before the first answer. */
  readonly p95Seconds: number | undefined
  readonly gpuRatio: number | undefined
}

const periodSeconds = 1
/** Falls between the profiles' instants (multiples of 0.2 s and 0.4 s), not on them. */
const phaseSeconds = 0.7

/** Counts a run as it goes and tells it once a second. */
export class ProgressMeter {
  readonly #latencies = new Histogram(durationBounds)
  readonly #plan: Pick<Progress, 'profile' | 'scheduledSeconds' | 'planned' | 'offeredRate'>
  readonly #clock: Clock
  readonly #gpuRatio: () => number | undefined
  readonly #stopped = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #sent = 0
  #ended = 0
  #succeeded = 0
  #succeededBefore = 0

  constructor(
    plan: Pick<Progress, 'profile' | 'scheduledSeconds' | 'planned' | 'offeredRate'>,
    clock: Clock,
    gpuRatio: () => number | undefined,
  ) {
    this.#plan = plan
    this.#clock = clock
    this.#gpuRatio = gpuRatio
  }

  sent(): void {
    this.#sent += 1
  }

  observe(observation: Observation): void {
    this.#ended += 1
    if (observation.outcome === 'ok') this.#succeeded += 1
    if (entersLatency(observation)) this.#latencies.observe(responseSecondsOf(observation))
  }

  /** Calls `tell` once a second from `startSeconds` (monotonic clock) on, until stopped. */
  start(startSeconds: number, tell: (progress: Progress) => void): void {
    this.#loop = this.#run(startSeconds, tell)
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  async #run(startSeconds: number, tell: (progress: Progress) => void): Promise<void> {
    for (let due = startSeconds + phaseSeconds; ; due += periodSeconds) {
      await this.#clock.sleep(due - this.#clock.monotonicSeconds(), this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      tell(this.#at(this.#clock.monotonicSeconds() - startSeconds))
    }
  }

  #at(elapsedSeconds: number): Progress {
    const succeeded = this.#succeeded - this.#succeededBefore
    this.#succeededBefore = this.#succeeded
    return {
      ...this.#plan,
      elapsedSeconds,
      sent: this.#sent,
      ended: this.#ended,
      failed: this.#ended - this.#succeeded,
      achievedRate: succeeded / Math.min(periodSeconds, elapsedSeconds),
      p95Seconds: quantile(this.#latencies.value(), 0.95)?.value,
      gpuRatio: this.#gpuRatio(),
    }
  }
}
