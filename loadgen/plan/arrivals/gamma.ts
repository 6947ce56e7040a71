import { z } from 'zod'
import { gammaSpacing } from '../rate.ts'
import { defineArrivals, flat, rate } from './arrivals.ts'

export const gamma = defineArrivals({
  kind: 'gamma',
  summary:
    'one mean rate, gaps gamma distributed: shape under 1 is burstier than Poisson, over 1 smoother',
  schema: z.strictObject({
    kind: z.literal('gamma'),
    queriesPerSecond: rate,
    shape: z.number().min(0.05).max(1000),
  }),
  segments: ({ queriesPerSecond }, seconds) => [flat(queriesPerSecond, seconds)],
  spacing: ({ shape }) => gammaSpacing(shape),
})
