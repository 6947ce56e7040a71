import { z } from 'zod'
import { spacings } from '../rate.ts'
import { defineArrivals, fitted, flat, rate, seconds, spacing } from './arrivals.ts'

export const steps = defineArrivals({
  kind: 'steps',
  summary: 'one rate after another; the last is held when the schedule is longer',
  schema: z.strictObject({
    kind: z.literal('steps'),
    steps: z
      .array(z.strictObject({ queriesPerSecond: rate, seconds }))
      .min(1)
      .max(1000),
    spacing,
  }),
  segments: (parameters, seconds) =>
    fitted(
      parameters.steps.map((step) => flat(step.queriesPerSecond, step.seconds)),
      seconds,
    ),
  spacing: (parameters) => spacings[parameters.spacing],
  seconds: (parameters) => parameters.steps.reduce((sum, step) => sum + step.seconds, 0),
})
