import { z } from 'zod'
import { spacings, type RateSegment } from '../rate.ts'
import { defineArrivals, fitted, flat, rate, seconds, spacing } from './arrivals.ts'

export const burst = defineArrivals({
  kind: 'burst',
  summary: 'one rate, and a higher one for a while at the end of every period',
  schema: z
    .strictObject({
      kind: z.literal('burst'),
      queriesPerSecond: rate,
      burstQueriesPerSecond: rate,
      everySeconds: seconds.min(0.1),
      burstSeconds: seconds,
      spacing,
    })
    .refine(({ everySeconds, burstSeconds }) => burstSeconds < everySeconds, {
      path: ['burstSeconds'],
      message: 'must be less than everySeconds',
    }),
  segments(parameters, seconds) {
    const { queriesPerSecond, burstQueriesPerSecond, everySeconds, burstSeconds } = parameters
    const period: readonly RateSegment[] = [
      flat(queriesPerSecond, everySeconds - burstSeconds),
      flat(burstQueriesPerSecond, burstSeconds),
    ]
    const periods = Math.ceil(seconds / everySeconds)
    return fitted(Array.from({ length: periods }, () => period).flat(), seconds)
  },
  spacing: (parameters) => spacings[parameters.spacing],
})
