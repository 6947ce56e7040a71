import { z } from 'zod'
import { even } from '../rate.ts'
import { defineArrivals, flat, rate } from './arrivals.ts'

export const constant = defineArrivals({
  kind: 'constant',
  summary: 'evenly spaced at one rate',
  schema: z.strictObject({ kind: z.literal('constant'), queriesPerSecond: rate }),
  segments: ({ queriesPerSecond }, seconds) => [flat(queriesPerSecond, seconds)],
  spacing: () => even,
})
