import { present } from '../../../core/assert.ts'
import type { PlanItem } from '../../plan/plan.ts'
import type { Saturation, SaturationEnd } from '../engine.ts'
import { built, drain, report, warm, type Delivered } from './sending.ts'
import { Transport } from './transport.ts'

/** A target that refuses at once would otherwise be asked thousands of times a second. */
const pauseSeconds = 0.1

/** A closed loop over autocannon's connections, one for each request that is kept on its way. */
export async function saturate(saturation: Saturation): Promise<SaturationEnd> {
  const { endpoint, concurrency, clock, signal, seconds, onStart } = saturation
  const transport = new Transport(endpoint, concurrency, clock)
  try {
    const warmUp = await warm(transport, saturation)
    const start = clock.monotonicSeconds()
    onStart(start)
    const loop = new Loop(saturation, transport, start)
    await drain(
      Array.from({ length: concurrency }, () => loop.run()),
      transport,
      saturation,
    )
    const stopped = signal.aborted || loop.full
    const lastedSeconds = stopped ? Math.min(seconds, loop.lastSentSeconds) : seconds
    return { unsent: 0, unfinished: loop.unfinished, delayedByLimit: 0, warmUp, lastedSeconds }
  } finally {
    await transport.close()
  }
}

/** What the slots have in common. */
class Loop {
  unfinished = 0
  /** Since the start. */
  lastSentSeconds = 0
  readonly #saturation: Saturation
  readonly #transport: Transport
  readonly #startSeconds: number
  #taken = 0

  constructor(saturation: Saturation, transport: Transport, startSeconds: number) {
    this.#saturation = saturation
    this.#transport = transport
    this.#startSeconds = startSeconds
  }

  get full(): boolean {
    return this.#taken >= this.#saturation.maximumRequests
  }

  /**
   * One slot: a request on its way until the time is over. While it waits, the next one is built and
   * the answer before is judged, so that neither stands between an answer and the next request.
   */
  async run(): Promise<void> {
    let next = this.#prepare()
    let before: () => void = () => undefined
    while (this.#open && next !== undefined) {
      const { item, request } = next
      const flight = this.#transport.send(request, this.#saturation.timeoutSeconds)
      this.lastSentSeconds = this.#elapsedSeconds()
      this.#saturation.onSent(item)
      before()
      next = this.#prepare()
      const ended = await flight
      if (ended.ending.kind === 'unsent' || ended.ending.kind === 'unfinished') {
        this.unfinished += 1
        return
      }
      const delivered = ended as Delivered
      before = () => {
        this.#report(item, delivered)
      }
      await this.#pauseAfter(delivered)
    }
    before()
  }

  #report(item: PlanItem, delivered: Delivered): void {
    const intendedSeconds = delivered.sentSeconds - this.#startSeconds
    report({ ...item, intendedSeconds }, delivered, this.#startSeconds, this.#saturation)
  }

  get #open(): boolean {
    const { signal, seconds } = this.#saturation
    return !signal.aborted && this.#elapsedSeconds() < seconds
  }

  /** The index is in the request already; those that are built and then not sent are left out at the end. */
  #prepare(): { readonly item: PlanItem; readonly request: Buffer } | undefined {
    const { items } = this.#saturation
    if (this.full) return undefined
    const index = this.#taken
    this.#taken += 1
    const pooled = present(items[index % items.length], 'There is nothing to send.')
    const item = { ...pooled, index, batch: index }
    return { item, request: built(item, this.#transport, this.#saturation) }
  }

  async #pauseAfter({ ending, sentSeconds, doneSeconds }: Delivered): Promise<void> {
    if (ending.kind === 'answered' && ending.answer.status === 200) return
    const { clock, signal } = this.#saturation
    const left = pauseSeconds - (doneSeconds - sentSeconds)
    if (left > 0) await clock.sleep(left, signal)
  }

  #elapsedSeconds(): number {
    return this.#saturation.clock.monotonicSeconds() - this.#startSeconds
  }
}
