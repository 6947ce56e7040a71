import type { Clock } from '../../core/clock.ts'
import { Histogram, quantile } from '../../core/histogram.ts'
import { durationBounds } from '../../core/metrics.ts'
import { pairsOf, type Observation } from '../../core/observation.ts'
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
  /** Queries a second, as planned; undefined in a saturated run, where the target sets the rate. */
  readonly offeredRate: number | undefined
  /** Succeeded queries a second so far, on the scale of the schedule: as offered when nothing lags. */
  readonly achievedRate: number
  /** Of succeeded requests, on the same scale. */
  readonly pairsPerSecond: number
  /** From a histogram, so close but not exact; undefined before the first answer. */
  readonly p95Seconds: number | undefined
  /** The first device; undefined when nothing is known of it. */
  readonly gpu: { readonly utilizationRatio: number; readonly emulated: boolean } | undefined
}

const tellSeconds = 1
/** Falls between the profiles' instants (multiples of 0.2 s and 0.4 s), not on them. */
const phaseSeconds = 0.7

type PlanFigures = Pick<Progress, 'profile' | 'scheduledSeconds' | 'planned' | 'offeredRate'> & {
  /** Undefined: there is no schedule. */
  readonly periodSeconds: number | undefined
}

/** Counts a run as it goes and tells it once a second. */
export class ProgressMeter {
  readonly #latencies = new Histogram(durationBounds)
  readonly #plan: PlanFigures
  readonly #clock: Clock
  readonly #gpu: () => Progress['gpu']
  readonly #stopped = new AbortController()
  #loop: Promise<void> = Promise.resolve()
  #sent = 0
  #ended = 0
  #succeeded = 0
  #queries = 0
  #pairs = 0

  constructor(plan: PlanFigures, clock: Clock, gpu: () => Progress['gpu']) {
    this.#plan = plan
    this.#clock = clock
    this.#gpu = gpu
  }

  sent(): void {
    this.#sent += 1
  }

  observe(observation: Observation): void {
    this.#ended += 1
    if (observation.outcome === 'ok') {
      this.#succeeded += 1
      this.#queries += observation.queries ?? 1
      this.#pairs += pairsOf(observation)
    }
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
    for (let due = startSeconds + phaseSeconds; ; due += tellSeconds) {
      await this.#clock.sleep(due - this.#clock.monotonicSeconds(), this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      tell(this.#at(this.#clock.monotonicSeconds() - startSeconds))
    }
  }

  #at(elapsedSeconds: number): Progress {
    const { periodSeconds: period, ...plan } = this.#plan
    const dueSeconds =
      period === undefined ? elapsedSeconds : (Math.floor(elapsedSeconds / period) + 1) * period
    const spanSeconds = Math.min(dueSeconds, Math.max(plan.scheduledSeconds, elapsedSeconds))
    return {
      ...plan,
      elapsedSeconds,
      sent: this.#sent,
      ended: this.#ended,
      failed: this.#ended - this.#succeeded,
      achievedRate: this.#queries / spanSeconds,
      pairsPerSecond: this.#pairs / spanSeconds,
      p95Seconds: quantile(this.#latencies.value(), 0.95)?.value,
      gpu: this.#gpu(),
    }
  }
}
