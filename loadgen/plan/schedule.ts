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
  /** Of a recording: instants that share it are one batch of a caller; absent: a batch of its own. */
  readonly batch?: number
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

/** Requests that a caller sent together, each at its own time. */
interface RecordedBatch {
  readonly seconds: number
  readonly queries: number
  readonly requests: readonly TraceRequest[]
}

/** In order of their first requests. */
function batchesOf({ requests }: Recording): readonly RecordedBatch[] {
  const batches: { seconds: number; queries: number; requests: TraceRequest[] }[] = []
  const byGroup = new Map<string, (typeof batches)[number]>()
  for (const request of requests) {
    const { group, offsetSeconds, queries } = request
    const known = group === undefined ? undefined : byGroup.get(group)
    if (known !== undefined) {
      known.requests.push(request)
      known.queries += queries
      continue
    }
    const batch = { seconds: offsetSeconds, queries, requests: [request] }
    batches.push(batch)
    if (group !== undefined) byGroup.set(group, batch)
  }
  return batches
}

/**
 * At a rate scale of 2.3 each batch comes twice, three in ten of them three times; the copies are
 * spread evenly up to the next batch, so that the rate keeps its course. At 0.3 three in ten come.
 * A batch comes or stays away whole, its requests as far apart as they were.
 */
function replayed(
  recording: Recording,
  seconds: number,
  rateScale: number,
  random: Random,
): readonly Due[] {
  const due: Due[] = []
  const batches = batchesOf(recording)
  let batch = 0
  let queries = 0
  for (const [at, recorded] of batches.entries()) {
    if (recorded.seconds >= seconds) break
    const copies = Math.floor(rateScale) + (random.next() < rateScale % 1 ? 1 : 0)
    const next = Math.min(seconds, batches[at + 1]?.seconds ?? recorded.seconds)
    const gap = (next - recorded.seconds) / Math.max(1, copies)
    queries += copies * recorded.queries
    if (queries > maximumRequests) throw tooMany()
    for (let copy = 0; copy < copies; copy += 1, batch += 1) {
      for (const request of recorded.requests) {
        const instant = request.offsetSeconds + copy * gap
        if (instant < seconds) due.push({ seconds: instant, recorded: request, batch })
      }
    }
  }
  const [first] = recording.requests
  if (due.length === 0 && first !== undefined) return [{ seconds: 0, recorded: first }]
  // The requests of a batch may reach past the first of the next.
  return due.sort((a, b) => a.seconds - b.seconds)
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
