import { Histogram } from '../../core/histogram.ts'
import { metrics } from '../../core/metrics.ts'
import { outcomes, pairsOf, type Observation, type Outcome } from '../../core/observation.ts'
import { reading, readingIfKnown, type Reading } from '../../core/reading.ts'
import { entersLatency, lagSecondsOf, responseSecondsOf } from './latency.ts'

/** What says which run it is; carried by `rerankscope_load_info` alone. */
export type RunIdentity = Readonly<Record<(typeof metrics.loadInfo.labels)[number], string>>

/** A request of the plan: when it is due and how many queries it holds. */
interface Due {
  readonly intendedSeconds: number
  readonly queries?: number | undefined
}

/** A run's own metrics while it lasts, under the names of the catalogue. Pure: time comes with `progress`. */
export class LiveMetrics {
  readonly #identity: RunIdentity
  readonly #items: readonly Due[] | undefined
  readonly #byOutcome = new Map<Outcome, number>()
  readonly #response = new Histogram(metrics.loadResponseDuration.bounds ?? [])
  readonly #lag = new Histogram(metrics.loadDispatchLag.bounds ?? [])
  #pairs = 0
  #due = 0
  #offeredQueries = 0
  #inFlight = 0

  /** `items` in order of their intended time; undefined where the target, not a plan, sets the pace. */
  constructor(identity: RunIdentity, items: readonly Due[] | undefined) {
    this.#identity = identity
    this.#items = items
  }

  observe(observation: Observation): void {
    const { outcome } = observation
    this.#byOutcome.set(outcome, (this.#byOutcome.get(outcome) ?? 0) + 1)
    this.#lag.observe(Math.max(0, lagSecondsOf(observation)))
    if (entersLatency(observation)) this.#response.observe(responseSecondsOf(observation))
    if (outcome === 'ok') this.#pairs += pairsOf(observation)
  }

  /** Told as the run goes, and with Infinity when it is over. */
  progress(elapsedSeconds: number, inFlight: number): void {
    this.#inFlight = inFlight
    const items = this.#items ?? []
    for (; this.#due < items.length; this.#due += 1) {
      const item = items[this.#due]
      if (item === undefined || item.intendedSeconds > elapsedSeconds) return
      this.#offeredQueries += item.queries ?? 1
    }
  }

  readings(): readonly Reading[] {
    return [
      reading(metrics.loadInfo, this.#identity, 1),
      ...readingIfKnown(
        metrics.loadOfferedQueries,
        {},
        this.#items === undefined ? undefined : this.#offeredQueries,
      ),
      // All of them from the start: a counter that appears with its first failure has no rate then.
      ...outcomes.map((outcome) =>
        reading(metrics.loadRequests, { outcome }, this.#byOutcome.get(outcome) ?? 0),
      ),
      reading(metrics.loadPairs, {}, this.#pairs),
      reading(metrics.loadInFlightRequests, {}, this.#inFlight),
      reading(metrics.loadResponseDuration, {}, this.#response.value()),
      reading(metrics.loadDispatchLag, {}, this.#lag.value()),
    ]
  }
}
