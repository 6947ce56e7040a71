import { usageError } from '../../core/errors.ts'
import type { TraceRequest } from '../../core/trace.ts'
import { Random } from '../dataset/random.ts'
import { batchInstantsOf, ownSecondsOf } from './arrivals/index.ts'
import type { Profile, Recording } from './profile.ts'

/** One instant of the schedule. */
export interface Due {
  readonly seconds: number
  /** Of a recording: what was asked then. */
  readonly recorded?: TraceRequest
}

export interface Schedule {
  readonly due: readonly Due[]
  readonly scheduledSeconds: number
}

export interface Scaling {
  readonly seconds: number
  /** Stretches time: at 0.5 the same queries come in half of it. */
  readonly timeScale: number
  /** Multiplies the rate, time as it is. */
  readonly rateScale: number
  readonly seed: number
}

/** The whole plan and every observation stay in memory. */
export const maximumRequests = 1_000_000
export const defaultSeconds = 30

/** The length of a schedule for which nobody named one. */
export function ownScheduleSeconds(profile: Profile, timeScale: number): number {
  const { arrivals } = profile
  const own = arrivals.kind === 'trace' ? recordedSeconds(arrivals) : ownSecondsOf(arrivals)
  const unscaled = profile.seconds ?? own
  return unscaled === undefined ? defaultSeconds : unscaled * timeScale
}

/**
 * When batches are due. Pure.
 *
 * @throws UserError (usage) when there would be more requests than a run can hold.
 */
export function scheduleOf(profile: Profile, scaling: Scaling): Schedule {
  const { arrivals, queriesPerBatch, name } = profile
  const { seconds, timeScale, rateScale, seed } = scaling
  const random = new Random(seed, `arrivals/${name}`)
  const unscaledSeconds = seconds / timeScale
  if (arrivals.kind === 'trace') {
    const due = replayed(arrivals, unscaledSeconds, rateScale, random)
    return scaled({ due, scheduledSeconds: unscaledSeconds }, timeScale)
  }
  const instants = batchInstantsOf(arrivals, {
    seconds: unscaledSeconds,
    maximum: Math.floor(maximumRequests / queriesPerBatch),
    ...{ queriesPerBatch, rateScale, random },
  })
  if (instants === undefined) throw tooMany()
  const due = instants.seconds.map((at) => ({ seconds: at }))
  return scaled({ due, scheduledSeconds: instants.scheduledSeconds }, timeScale)
}

/** For a run without a schedule: every query of the data set, or every request of the recording, once. */
export function unscheduled(
  { arrivals, queriesPerBatch }: Profile,
  queries: number,
): readonly Due[] {
  if (arrivals.kind === 'trace') {
    return arrivals.requests.slice(0, maximumRequests).map((recorded) => ({ seconds: 0, recorded }))
  }
  return Array.from({ length: Math.ceil(queries / queriesPerBatch) }, () => ({ seconds: 0 }))
}

/** A recording ends one mean gap after its last request. */
function recordedSeconds({ requests }: Recording): number {
  const last = requests.at(-1)?.offsetSeconds ?? 0
  return last === 0 ? 1 : last + last / Math.max(1, requests.length - 1)
}

/**
 * At a rate scale of 2.3 each request comes twice, three in ten of them three times; the copies are
 * spread evenly up to the next request, so that the rate keeps its course. At 0.3 three in ten come.
 */
function replayed(
  { requests }: Recording,
  seconds: number,
  rateScale: number,
  random: Random,
): readonly Due[] {
  const due: Due[] = []
  for (const [at, recorded] of requests.entries()) {
    if (recorded.offsetSeconds >= seconds) break
    const copies = Math.floor(rateScale) + (random.next() < rateScale % 1 ? 1 : 0)
    const next = Math.min(seconds, requests[at + 1]?.offsetSeconds ?? recorded.offsetSeconds)
    const gap = (next - recorded.offsetSeconds) / Math.max(1, copies)
    if (due.length + copies * recorded.queries > maximumRequests) throw tooMany()
    for (let copy = 0; copy < copies; copy += 1) {
      due.push({ seconds: recorded.offsetSeconds + copy * gap, recorded })
    }
  }
  const first = requests[0]
  return due.length > 0 || first === undefined ? due : [{ seconds: 0, recorded: first }]
}

function scaled({ due, scheduledSeconds }: Schedule, timeScale: number): Schedule {
  return {
    due: due.map((event) => ({
      ...event,
      seconds: Number((event.seconds * timeScale).toFixed(6)),
    })),
    scheduledSeconds: scheduledSeconds * timeScale,
  }
}

function tooMany() {
  return usageError(
    `The schedule holds more than ${String(maximumRequests)} requests, and the plan and every observation stay in memory; choose fewer --seconds or a lower rate.`,
  )
}
