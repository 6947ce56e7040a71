import { z } from 'zod'

const figure = z.number().nullable()
const spread = z.object({ mean: figure, min: figure, max: figure, p5: figure, p95: figure })
const latency = z.object({ p50: figure, p95: figure })

/**
 * What a comparison reads of a run's `run.json` (schema `rerankscope.run/1`): the keys that the run
 * folder promises, and no more.
 */
export const runFactsSchema = z.object({
  target: z.object({ server: z.string().nullable(), model: z.string().nullable() }),
  validity: z.object({ valid: z.boolean(), reasons: z.array(z.string()) }),
  totals: z.object({
    requests: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    byOutcome: z.record(z.string(), z.number()),
    pairs: z.number(),
  }),
  throughput: z.object({
    queriesPerSecond: z.number(),
    pairsPerSecond: z.number(),
    tokensPerSecond: figure,
  }),
  saturation: z.object({ pairsEachSecond: spread }).optional(),
  latencySeconds: z.object({
    response: latency,
    service: latency,
    server: z.object({ totalSeconds: figure }),
  }),
  gpu: z
    .object({
      source: z.string(),
      devices: z.array(
        z.object({
          name: z.string(),
          utilizationPercent: spread,
          memoryUsedBytes: z.object({ mean: figure, max: figure }),
          energyJoules: figure,
        }),
      ),
    })
    .nullable(),
  efficiency: z.object({ pairsPerJoule: figure }),
})

export type RunFacts = z.infer<typeof runFactsSchema>
