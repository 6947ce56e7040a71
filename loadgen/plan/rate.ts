import type { Random } from '../dataset/random.ts'

/** A stretch of time over which the rate goes from one value to another in a straight line. */
export interface RateSegment {
  readonly seconds: number
  /** Events a second, at the beginning and at the end. */
  readonly from: number
  readonly to: number
}

/** How events follow each other at a rate of one: yields their places, rising, without end. */
export interface Spacing {
  readonly even: boolean
  places(random: Random): Iterable<number>
}

export const even: Spacing = {
  even: true,
  *places() {
    for (let place = 0; ; place += 1) yield place
  },
}

/** Gaps are gamma distributed with mean 1; shape 1 is a Poisson process, larger ones are smoother. */
export function gammaSpacing(shape: number): Spacing {
  return {
    even: false,
    *places(random) {
      for (let place = 0; ;) {
        place += random.gamma(shape) / shape
        yield place
      }
    },
  }
}

export const spacings = { even, poisson: gammaSpacing(1) } as const
export const spacingNames = ['even', 'poisson'] as const

/** Binary fractions make 30 s at 2.5/s a hair less than 75. */
const roundOff = 1e-9

export interface Instants {
  /** Rising, microseconds: the plan's files hold the same numbers. At least one. */
  readonly seconds: readonly number[]
  /** Where the schedule ends: with even spacing, where the next event would be. */
  readonly scheduledSeconds: number
}

/**
 * Events whose rate follows `segments`: places of the spacing, carried over to the time at which
 * the integral of the rate reaches them. So evenly spaced events at a rising rate are denser and
 * denser, and a Poisson spacing gives a Poisson process of that rate. With even spacing the schedule
 * holds whole gaps only. Undefined when there would be more than `maximum`.
 */
export function instantsOf(
  segments: readonly RateSegment[],
  spacing: Spacing,
  { random, maximum }: { readonly random: Random; readonly maximum: number },
): Instants | undefined {
  const total = segments.reduce((sum, segment) => sum + integralOf(segment), 0)
  const seconds: number[] = []
  const position = new Position(segments)
  for (const place of spacing.places(random)) {
    if ((spacing.even ? place + 1 - roundOff : place) > total) break
    if (seconds.length === maximum) return undefined
    seconds.push(Number(position.secondsAt(place).toFixed(6)))
  }
  // A schedule too short for one event has it all the same: there is no run without a request.
  if (seconds.length === 0) seconds.push(0)
  const end = segments.reduce((sum, segment) => sum + segment.seconds, 0)
  const next = spacing.even && total >= 1 - roundOff ? position.secondsAt(seconds.length) : end
  return { seconds, scheduledSeconds: Math.min(end, next) }
}

function integralOf({ seconds, from, to }: RateSegment): number {
  return (seconds * (from + to)) / 2
}

/** Walks the segments once, since places only rise. */
class Position {
  readonly #segments: readonly RateSegment[]
  #at = 0
  #elapsed = 0
  #passed = 0

  constructor(segments: readonly RateSegment[]) {
    this.#segments = segments
  }

  /** When the integral of the rate reaches `place`; the end of the segments when it never does. */
  secondsAt(place: number): number {
    for (;;) {
      const segment = this.#segments[this.#at]
      if (segment === undefined) return this.#elapsed
      const integral = integralOf(segment)
      // An empty segment (a pause) holds nothing, not even the place at which it begins.
      if (integral > 0 && place <= this.#passed + integral) {
        return this.#elapsed + secondsInto(segment, Math.max(0, place - this.#passed))
      }
      this.#at += 1
      this.#elapsed += segment.seconds
      this.#passed += integral
    }
  }
}

/** Solves from·t + (to − from)·t²/(2·seconds) = amount, in the form that does not cancel. */
function secondsInto({ seconds, from, to }: RateSegment, amount: number): number {
  if (amount === 0) return 0
  const slope = (to - from) / seconds
  const root = Math.sqrt(Math.max(0, from * from + 2 * slope * amount))
  return Math.min(seconds, (2 * amount) / (from + root))
}
