import { within, type Clock } from '../core/clock.ts'
import type { ServingSample } from '../core/snapshot.ts'
import type { ServingSource, Source, SourceEnvironment } from './sources/source.ts'
import type { Target } from './target.ts'

/**
 * Reads the target's metrics page and lets the first member that recognises it say what it means.
 * Which server it is is asked anew each time: it may be replaced by another one under the same URL.
 */
export function servingSource(
  members: readonly ServingSource[],
  { target, model, clock, intervalSeconds }: SourceEnvironment & { readonly target: Target },
): Source<ServingSample> {
  const names = members.map(({ name }) => name).join(', ')
  const documents = new Documents(target, { clock, waitSeconds: 2 * intervalSeconds })
  let droppedLines = 0
  return {
    // Not the member's name: a series must not change its label when the server is recognised.
    name: 'serving',
    open: () =>
      Promise.resolve({
        pace: 'loop' as const,
        get droppedLines() {
          return droppedLines
        },
        async read(signal: AbortSignal) {
          const page = await target.page(signal)
          droppedLines += page.droppedLines
          const member = members.find((each) => each.recognises(page))
          if (member === undefined) {
            throw new Error(
              members.length === 1
                ? `the metrics of ${target.url} are not those of ${names}: let --server auto find out what it is.`
                : `the metrics of ${target.url} are not those of a server that is known here (${names}): name it with --server generic:FILE, or use --server none to watch the GPU alone.`,
            )
          }
          return member.normalise(page, { model, beside: await documents.of(member, signal) })
        },
        close: () => undefined,
      }),
  }
}

/** A document that cannot be had is hardly ever there a second later. */
const retrySeconds = 10

/** The latest document, kept as long as its source says it stays true. */
class Documents {
  readonly #target: Target
  readonly #clock: Clock
  readonly #waitSeconds: number
  #latest:
    { readonly path: string; readonly atSeconds: number; readonly value: unknown } | undefined

  /** `waitSeconds`: less than a reading may take, so that a document which hangs takes no page with it. */
  constructor(
    target: Target,
    { clock, waitSeconds }: { readonly clock: Clock; readonly waitSeconds: number },
  ) {
    this.#target = target
    this.#clock = clock
    this.#waitSeconds = waitSeconds
  }

  /** Undefined when there is none: the page is worth having without it. */
  async of({ beside }: ServingSource, signal: AbortSignal): Promise<unknown> {
    if (beside === undefined) return undefined
    const { path, everySeconds } = beside
    const latest = this.#latest
    const keptSeconds = latest?.value === undefined ? retrySeconds : everySeconds
    if (latest?.path === path && this.#clock.monotonicSeconds() - latest.atSeconds < keptSeconds) {
      return latest.value
    }
    const value = await this.#ask(path, signal)
    this.#latest = { path, atSeconds: this.#clock.monotonicSeconds(), value }
    return value
  }

  async #ask(path: string, signal: AbortSignal): Promise<unknown> {
    const limit = new AbortController()
    const asked = this.#target
      .document(path, AbortSignal.any([signal, limit.signal]))
      .catch(() => undefined)
    const came = await within(this.#clock, this.#waitSeconds, asked)
    limit.abort()
    return came ? asked : undefined
  }
}
