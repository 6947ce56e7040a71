import type { Clock } from '../../core/clock.ts'
import type { WireMessage } from '../../core/dialects/index.ts'
import { environmentError, type UserError } from '../../core/errors.ts'
import type { Observation } from '../../core/observation.ts'
import type { PlanItem } from '../plan/plan.ts'

/** Where requests go. */
export interface Endpoint {
  /** `http://host:port`. */
  readonly origin: string
  /** Of a rerank request, with the target's own prefix. */
  readonly path: string
  /** Sent with every request; may hold a credential. */
  readonly headers: Readonly<Record<string, string>>
}

/** A target that takes no request without another key: no run of it says anything. */
export function keyRefused(url: string, status: number): UserError {
  return environmentError(
    `${url} wants a key, or another one (${String(status)}); put it into RERANKSCOPE_API_KEY or a file for --api-key-file.`,
  )
}

/** What an answer is worth. */
export type Judgement = Pick<Observation, 'outcome' | 'server' | 'computedTokens'>

export interface Replay {
  readonly endpoint: Endpoint
  /** Costs time: never to be called when a request is due. */
  readonly judge: (message: WireMessage, item: PlanItem) => Judgement
  /** In order of intended time. */
  readonly items: readonly PlanItem[]
  /** Groups to send, each once the one before is answered, before the run; nothing of them is reported. */
  readonly warmUp: readonly (readonly PlanItem[])[]
  readonly bodyOf: (item: PlanItem) => Buffer
  /** Run folder that holds the plan's files, for engines that read them. */
  readonly folder: string
  /** Trace ids begin with these 16 hexadecimal digits; see `traceparentOf`. */
  readonly traceIdPrefix: string
  /** A request without a whole answer so long after it was sent is a `timeout`. */
  readonly timeoutSeconds: number
  /** Requests beyond it wait for one to end, and are counted: the generator's limit, not the target's. */
  readonly maximumInFlight: number
  /** How long an aborted replay waits for answers. */
  readonly drainSeconds: number
  readonly clock: Clock
  /** Aborts: send nothing more, wait `drainSeconds` for answers, return. */
  readonly signal: AbortSignal
  /** Called once, when the zero of all observed times is known, on the monotonic clock. */
  readonly onStart: (startSeconds: number) => void
  readonly onSent: (item: PlanItem) => void
  readonly onObservation: (observation: Observation) => void
}

export interface ReplayEnd {
  /** Of the plan, never sent because the replay was aborted. */
  readonly unsent: number
  /** Sent, but given up at the end of an aborted replay. */
  readonly unfinished: number
  /** Sent late because `maximumInFlight` requests were already waiting. */
  readonly delayedByLimit: number
  readonly warmUp: { readonly requests: number; readonly succeeded: number }
}

/**
 * Sending without a schedule: as many requests are kept on their way, and each that ends makes room for
 * the next one. `items` are gone through again and again; `index` counts on, the intended time of a
 * request is that of its send, and so there is no response time.
 */
export interface Saturation extends Omit<Replay, 'maximumInFlight'> {
  readonly concurrency: number
  /** How long requests are sent; those on their way then are waited for. */
  readonly seconds: number
  /** Sending ends there too: every observation stays in memory. */
  readonly maximumRequests: number
}

export interface SaturationEnd extends ReplayEnd {
  /** How long requests were sent; less than `seconds` when aborted or at the most requests. */
  readonly lastedSeconds: number
}

/** W3C trace context. The id is the run's prefix and the request's number, so a slow request's trace can be found. */
export function traceparentOf(traceIdPrefix: string, { index }: PlanItem): string {
  // A span id of zero is not valid.
  const span = (index + 1).toString(16).padStart(16, '0')
  return `00-${traceIdPrefix}${index.toString(16).padStart(16, '0')}-${span}-01`
}

export interface EngineOptions {
  /** A program that the engine runs, where it runs one; default: found on PATH. */
  readonly program?: string | undefined
  /** For that program. */
  readonly environment: Readonly<Record<string, string | undefined>>
}

/** One way to send a plan. One member a file or folder. */
export interface EngineMember {
  readonly name: string
  /** For `--help`. */
  readonly summary: string
  /** @throws UserError (environment) with what mends it, where this machine lacks what it needs. */
  find(options: EngineOptions): Promise<Engine>
}

/**
 * Sends a plan and measures. An engine
 * - MUST send each item at its intended time or, when late, at once, and report the intended time;
 * - MUST NOT let an answer that is slow, lost or missing delay another item;
 * - MUST report every item that it sent exactly once, timeouts included, and wait for all answers;
 * - MUST NOT retry;
 * - MUST let every answer be judged, whole, away from the sending;
 * - MUST keep no answer longer than it takes to judge it.
 */
export interface Engine {
  readonly name: string
  readonly version: string
  /** Requests that it can have on their way at the same time. */
  readonly maximumInFlight: number
  replay(replay: Replay): Promise<ReplayEnd>
  /** Undefined: it only knows schedules. */
  readonly saturate?: (saturation: Saturation) => Promise<SaturationEnd>
}
