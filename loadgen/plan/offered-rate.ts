import { segmentsOf } from './arrivals/index.ts'
import type { Profile, Recording } from './profile.ts'
import type { RateSegment } from './rate.ts'
import { ownScheduleSeconds } from './schedule.ts'

/** What a profile offers, as a rate over time: for whoever needs no single requests. */
export interface OfferedRate {
  readonly seconds: number
  /** Queries a second at an instant; 0 from the end on. */
  readonly at: (seconds: number) => number
}

/** A recording is counted in stretches of so long. */
const stretchSeconds = 15

/** `seconds`: the length of the schedule; the profile's own without it. */
export function offeredRateOf(profile: Profile, seconds?: number): OfferedRate {
  const { arrivals } = profile
  const own = ownScheduleSeconds(profile, 1)
  if (arrivals.kind === 'trace') return { seconds: own, at: recordedRate(arrivals) }
  const length = seconds ?? own
  return { seconds: length, at: rateOf(segmentsOf(arrivals, length)) }
}

function rateOf(segments: readonly RateSegment[]): (seconds: number) => number {
  return (at) => {
    let start = 0
    for (const { seconds, from, to } of segments) {
      if (at < start + seconds) return from + ((to - from) * (at - start)) / seconds
      start += seconds
    }
    return 0
  }
}

function recordedRate({ requests }: Recording): (seconds: number) => number {
  const queries = new Map<number, number>()
  for (const request of requests) {
    const stretch = Math.floor(request.offsetSeconds / stretchSeconds)
    queries.set(stretch, (queries.get(stretch) ?? 0) + request.queries)
  }
  return (at) => (queries.get(Math.floor(at / stretchSeconds)) ?? 0) / stretchSeconds
}
