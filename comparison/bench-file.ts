import { z } from 'zod'
import { dimensionNames } from './dimensions.ts'
import { cellStateSchema } from './journal.ts'
import { rowSchema } from './row.ts'
import { testNames } from './tests.ts'

const verdict = z.enum(['met', 'missed', 'unknown'])
const scores = z.partialRecord(z.enum(dimensionNames), z.number().nullable())

/**
 * `bench.json`, schema `rerankscope.bench/1`: keys may be added, these stay. All its figures come from
 * the run folders of the cells, and can be computed from their observations again.
 */
export const benchSchema = z.object({
  schema: z.literal('rerankscope.bench/1'),
  name: z.string(),
  version: z.string(),
  /** Of the first cell and the last; null where none ended. */
  startedAt: z.iso.datetime().nullable(),
  endedAt: z.iso.datetime().nullable(),
  /** False: cells are left that were not measured yet. */
  complete: z.boolean(),
  /** At least one device is emulated: its figures are those of a process on the CPU. */
  emulated: z.boolean(),
  /** As it was read, defaults filled in; keys of APIs are not in it. */
  matrix: z.looseObject({
    rounds: z.number(),
    targets: z.array(z.looseObject({ name: z.string() })),
  }),
  cells: z.array(
    z.object({
      id: z.string(),
      target: z.string(),
      test: z.enum(testNames),
      round: z.number().int(),
      state: z.enum([...cellStateSchema.options, 'pending']),
      reason: z.string().optional(),
    }),
  ),
  rows: z.array(rowSchema),
  weights: z.record(z.enum(dimensionNames), z.number()),
  /** One a row, in their order. */
  scores: z.array(
    z.object({
      target: z.string(),
      byDimension: scores,
      total: z.number().nullable(),
      weightShare: z.number(),
    }),
  ),
  /** Null: no constraint was given. */
  decision: z
    .object({
      constraints: z.object({
        memoryBytes: z.number().optional(),
        p95Seconds: z.number().optional(),
        queriesPerSecond: z.number().optional(),
      }),
      targets: z.array(
        z.object({
          target: z.string(),
          memory: verdict.nullable(),
          p95: verdict.nullable(),
          queries: verdict.nullable(),
          replicas: z.number().int().nullable(),
          fits: verdict,
        }),
      ),
      choice: z.string().nullable(),
    })
    .nullable(),
  /** Looks at the devices while `stability` lasted: the first round of each target. */
  utilization: z.array(
    z.object({ target: z.string(), points: z.array(z.tuple([z.number(), z.number()])) }),
  ),
})

/** One comparison, as measured. */
export type Bench = z.infer<typeof benchSchema>
