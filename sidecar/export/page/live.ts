import type { ServerResponse } from 'node:http'
import type { Clock } from '../../../core/clock.ts'
import type { Policy } from '../../../core/policy.ts'
import type { Snapshot } from '../../../core/snapshot.ts'
import { History } from '../../aggregate/history.ts'
import { eventOf, Viewers } from './events.ts'
import { StatusPage, type Page } from './index.ts'
import { partsOf } from './parts.ts'

/** Less often than this a proxy, or our own server, takes a stream for dead. */
const longestBeatSeconds = 5

interface LiveOptions {
  readonly clock: Clock
  readonly snapshot: () => Snapshot
  readonly intervalSeconds: number
  readonly policy: Policy
  readonly version: string
}

/** The heart of the page: takes a picture each beat, keeps the last hour, and tells whoever looks. */
export class Live {
  readonly #options: LiveOptions
  readonly #history = new History()
  readonly #viewers = new Viewers()
  readonly #page: StatusPage

  constructor(options: LiveOptions) {
    this.#options = options
    this.#page = new StatusPage(options)
  }

  /** As of now. */
  page(): Page {
    return this.#page.render(this.#options.snapshot())
  }

  /** Sends the last hour and then every beat; false when there are too many already. */
  watch(response: ServerResponse, headers: Readonly<Record<string, string>>): boolean {
    if (this.#viewers.full) return false
    const hour = eventOf('hour', this.#history.columns(this.#offsetSeconds()))
    this.#viewers.add(response, headers, hour + this.#now())
    return true
  }

  /** Until `stop` aborts; then every stream is at its end. */
  async run(stop: AbortSignal): Promise<void> {
    const { clock, snapshot, intervalSeconds } = this.#options
    while (!stop.aborted) {
      this.#history.add(snapshot(), clock.monotonicSeconds())
      if (this.#viewers.count > 0) this.#viewers.send(this.#now())
      await clock.sleep(Math.min(intervalSeconds, longestBeatSeconds), stop)
    }
    this.#viewers.end()
  }

  #now(): string {
    const { snapshot, policy } = this.#options
    return eventOf('now', {
      parts: partsOf(snapshot(), policy),
      slot: this.#history.columns(this.#offsetSeconds(), 1),
    })
  }

  #offsetSeconds(): number {
    return this.#options.clock.wallSeconds() - this.#options.clock.monotonicSeconds()
  }
}
