import { z } from 'zod'
import { spacingNames, type RateSegment, type Spacing } from '../rate.ts'

/**
 * One way in which queries arrive over time. One member a file. A member is pure: its parameters,
 * as a profile's YAML gives them, to the rate over the schedule and the spacing of what arrives.
 */
export interface ArrivalKind<P extends z.ZodObject = z.ZodObject> {
  readonly kind: string
  /** For docs and errors. */
  readonly summary: string
  readonly schema: P
  /** Queries a second over `seconds`; the segments' lengths add up to it. */
  segments(parameters: z.infer<P>, seconds: number): readonly RateSegment[]
  spacing(parameters: z.infer<P>): Spacing
  /** How long the schedule is of itself, where the parameters say so. */
  seconds?(parameters: z.infer<P>): number
}

export function defineArrivals<const P extends z.ZodObject>(kind: ArrivalKind<P>): ArrivalKind<P> {
  return kind
}

/** Queries a second. More than a generator can send is a slip of the hand. */
export const rate = z.number().positive().max(100_000)
export const seconds = z.number().positive()
export const spacing = z.enum(spacingNames).default('even')

export const flat = (queriesPerSecond: number, seconds: number): RateSegment => ({
  seconds,
  from: queriesPerSecond,
  to: queriesPerSecond,
})

/** The segments up to `seconds`, the last rate held where they end before. */
export function fitted(segments: readonly RateSegment[], seconds: number): readonly RateSegment[] {
  const fit: RateSegment[] = []
  let left = seconds
  for (const segment of segments) {
    if (left <= 0) return fit
    const taken = Math.min(left, segment.seconds)
    const to = segment.from + ((segment.to - segment.from) * taken) / segment.seconds
    fit.push({ seconds: taken, from: segment.from, to })
    left -= taken
  }
  const last = fit.at(-1)?.to ?? 0
  return left > 0 ? [...fit, flat(last, left)] : fit
}
