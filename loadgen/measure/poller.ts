import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Snapshot } from '../../core/snapshot.ts'
import type { TargetUrl } from '../../core/target-url.ts'
import { getText } from '../get-text.ts'
import { telemetrySampleOf, type TelemetrySample } from './telemetry.ts'

const periodSeconds = 1
/** Looks fall between the profiles' instants (multiples of 0.2 s and 0.4 s), not on them. */
const phaseSeconds = 0.3
const requestTimeoutSeconds = 2
/** How long the last look waits for a snapshot that is newer than the run's last one. */
const patienceSeconds = 1.5
const patienceStepSeconds = 0.2

/** Looks at the sidecar's `/status` once a second while a run lasts. */
export class SidecarPoller {
  readonly samples: TelemetrySample[] = []
  /** Looks that got no snapshot, and why the last one did not. */
  failures = { count: 0, reason: '' }
  readonly #sidecar: TargetUrl
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  #startSeconds = 0
  #loop: Promise<void> = Promise.resolve()

  constructor(sidecar: TargetUrl, clock: Clock) {
    this.#sidecar = sidecar
    this.#clock = clock
  }

  /** `startSeconds`: the run's zero on the monotonic clock. Looks at once, then once a second. */
  start(startSeconds: number): void {
    this.#startSeconds = startSeconds
    this.#loop = this.#poll()
  }

  /** No more looks. */
  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#loop
  }

  /** A last look, which covers the end of the run, and no more. */
  async finish(): Promise<void> {
    await this.stop()
    const seen = this.samples.at(-1)?.takenAtSeconds
    const giveUp = this.#clock.monotonicSeconds() + patienceSeconds
    while (this.samples.length > 0 && this.#clock.monotonicSeconds() < giveUp) {
      await this.#look()
      if (this.samples.at(-1)?.takenAtSeconds !== seen) return
      await this.#clock.sleep(patienceStepSeconds)
    }
  }

  async #poll(): Promise<void> {
    await this.#look()
    let due = this.#startSeconds + phaseSeconds
    for (;;) {
      await this.#clock.sleep(due - this.#clock.monotonicSeconds(), this.#stopped.signal)
      if (this.#stopped.signal.aborted) return
      await this.#look()
      // A look that took longer than a period skips the ones it missed.
      const behind = Math.max(0, this.#clock.monotonicSeconds() - due)
      due += Math.ceil((behind + 1e-9) / periodSeconds) * periodSeconds
    }
  }

  async #look(): Promise<void> {
    try {
      const snapshot = snapshotOf(await statusOf(this.#sidecar))
      const atSeconds = this.#clock.monotonicSeconds() - this.#startSeconds
      this.samples.push(telemetrySampleOf(snapshot, atSeconds))
    } catch (error) {
      this.failures = { count: this.failures.count + 1, reason: messageOf(error) }
    }
  }
}

/** Why a sidecar cannot be asked, before a run that would have no GPU figures; undefined when it can. */
export async function sidecarTrouble(sidecar: TargetUrl): Promise<string | undefined> {
  try {
    snapshotOf(await statusOf(sidecar))
    return undefined
  } catch (error) {
    return `the sidecar at ${sidecar.url} gives no figures (${messageOf(error)}): the run goes on without those of the GPU.`
  }
}

async function statusOf({ url, headers }: TargetUrl): Promise<string | undefined> {
  const signal = AbortSignal.timeout(requestTimeoutSeconds * 1000)
  const { status, text } = await getText(`${url}/status`, { headers, signal })
  if (status !== 200) throw new Error(`status ${String(status)}`)
  return text
}

/** What the parser would say of other answers quotes them, line ends and all. */
function snapshotOf(text = ''): Snapshot {
  try {
    const value = JSON.parse(text) as Partial<Snapshot> | null
    if (value?.schema === 'rerankscope.snapshot/1') return value as Snapshot
  } catch {
    // Not JSON, so no snapshot either.
  }
  throw new Error('its answer is not a snapshot of rerankscope')
}
