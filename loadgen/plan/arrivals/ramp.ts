import { z } from 'zod'
import { spacings } from '../rate.ts'
import { defineArrivals, rate, spacing } from './arrivals.ts'

export const ramp = defineArrivals({
  kind: 'ramp',
  summary: 'the rate goes from one value to another in a straight line over the whole schedule',
  schema: z.strictObject({
    kind: z.literal('ramp'),
    fromQueriesPerSecond: rate.or(z.literal(0)),
    toQueriesPerSecond: rate,
    spacing,
  }),
  segments: ({ fromQueriesPerSecond, toQueriesPerSecond }, seconds) => [
    { seconds, from: fromQueriesPerSecond, to: toQueriesPerSecond },
  ],
  spacing: (parameters) => spacings[parameters.spacing],
})
