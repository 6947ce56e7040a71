import type { z } from 'zod'
import { present } from '../../../core/assert.ts'
import type { Random } from '../../dataset/random.ts'
import { instantsOf, type Instants, type RateSegment } from '../rate.ts'
import type { ArrivalKind } from './arrivals.ts'
import { burst } from './burst.ts'
import { constant } from './constant.ts'
import { gamma } from './gamma.ts'
import { poisson } from './poisson.ts'
import { ramp } from './ramp.ts'
import { steps } from './steps.ts'

/** Every way to arrive that needs no file. One more = one file and two lines here. */
const kinds = [constant, poisson, gamma, ramp, steps, burst] as const
export const arrivalKinds: readonly ArrivalKind[] = kinds

export type Arrivals = z.infer<(typeof kinds)[number]['schema']>
export const arrivalsSchemas = [
  constant.schema,
  poisson.schema,
  gamma.schema,
  ramp.schema,
  steps.schema,
  burst.schema,
] as const

/** The length that the arrivals have of themselves, if they have one. */
export function ownSecondsOf(arrivals: Arrivals): number | undefined {
  return kindOf(arrivals).seconds?.(arrivals)
}

/**
 * When batches are due within `seconds`. `rateScale` multiplies every rate; a batch holds
 * `queriesPerBatch` of the queries that the rates count.
 */
export function batchInstantsOf(
  arrivals: Arrivals,
  options: {
    readonly seconds: number
    readonly queriesPerBatch: number
    readonly rateScale: number
    readonly random: Random
    /** Undefined is returned when there would be more. */
    readonly maximum: number
  },
): Instants | undefined {
  const kind = kindOf(arrivals)
  const factor = options.rateScale / options.queriesPerBatch
  const segments = kind
    .segments(arrivals, options.seconds)
    .map(({ seconds, from, to }) => ({ seconds, from: from * factor, to: to * factor }))
  return instantsOf(segments, kind.spacing(arrivals), options)
}

/** Queries a second over `seconds`. */
export function segmentsOf(arrivals: Arrivals, seconds: number): readonly RateSegment[] {
  return kindOf(arrivals).segments(arrivals, seconds)
}

function kindOf({ kind }: Arrivals): ArrivalKind {
  return present(
    arrivalKinds.find((candidate) => candidate.kind === kind),
    `There are no arrivals of kind ${kind}.`,
  )
}
