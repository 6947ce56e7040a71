import { z } from 'zod'
import { fastapiFigures, hasFastapiFigures } from '../normalise/fastapi.ts'
import type { ServingSource } from './source.ts'

/**
 * Infinity (infinity_emb, infinity_server.py): its metrics page knows HTTP alone; its `/models` tells
 * the model and how many pairs wait. Nothing there is its own, so it is recognised last.
 */
const modelsSchema = z.object({
  data: z.array(
    z.object({
      id: z.string(),
      stats: z.object({ queue_absolute: z.number().optional() }).optional(),
      capabilities: z.array(z.string()).optional(),
      device: z.string().optional(),
      dtype: z.string().optional(),
    }),
  ),
})

export const infinity: ServingSource = {
  name: 'infinity',
  beside: { path: '/models', everySeconds: 0 },
  recognises: hasFastapiFigures,
  normalise(page, { model: wanted, beside }) {
    const models = (modelsSchema.safeParse(beside).data?.data ?? []).filter(
      ({ id, capabilities }) =>
        (wanted === undefined || id === wanted) && (capabilities?.includes('rerank') ?? true),
    )
    const waiting = models.flatMap(({ stats }) => stats?.queue_absolute ?? [])
    const one = models.length === 1 ? models[0] : undefined
    return {
      server: 'infinity',
      model: one?.id,
      dtype: one?.dtype,
      device: one?.device,
      ...fastapiFigures(page),
      queuePairs:
        waiting.length === 0 ? undefined : waiting.reduce((total, pairs) => total + pairs, 0),
    }
  },
}
