import { itemsAt, numberAt, textAt, valueAt } from '../normalise/document.ts'
import { fastapiFigures, hasFastapiFigures } from '../normalise/fastapi.ts'
import { finite } from '../normalise/series.ts'
import type { ServingSource } from './source.ts'

/**
 * Infinity (infinity_emb, infinity_server.py): its metrics page knows HTTP alone; its `/models` tells
 * the model and how many pairs wait. Nothing there is its own, so it is recognised last.
 */
export const infinity: ServingSource = {
  name: 'infinity',
  beside: { path: '/models', everySeconds: 0 },
  recognises: hasFastapiFigures,
  normalise(page, { model: wanted, beside }) {
    const models = itemsAt(beside, 'data').filter((model) => {
      const capabilities = valueAt(model, 'capabilities')
      return (
        (wanted === undefined || textAt(model, 'id') === wanted) &&
        (!Array.isArray(capabilities) || capabilities.includes('rerank'))
      )
    })
    const waiting = models.flatMap(
      (model) => numberAt(valueAt(model, 'stats'), 'queue_absolute') ?? [],
    )
    const one = models.length === 1 ? models[0] : undefined
    return {
      server: 'infinity',
      model: textAt(one, 'id'),
      dtype: textAt(one, 'dtype'),
      device: textAt(one, 'device'),
      ...fastapiFigures(page),
      queuePairs:
        waiting.length === 0
          ? undefined
          : finite(waiting.reduce((total, pairs) => total + pairs, 0)),
    }
  },
}
