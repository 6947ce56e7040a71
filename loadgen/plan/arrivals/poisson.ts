import { z } from 'zod'
import { spacings } from '../rate.ts'
import { defineArrivals, flat, rate } from './arrivals.ts'

export const poisson = defineArrivals({
  kind: 'poisson',
  summary: 'independent of each other at one mean rate, as from many users',
  schema: z.strictObject({ kind: z.literal('poisson'), queriesPerSecond: rate }),
  segments: ({ queriesPerSecond }, seconds) => [flat(queriesPerSecond, seconds)],
  spacing: () => spacings.poisson,
})
