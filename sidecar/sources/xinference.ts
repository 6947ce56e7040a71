import { having, histogramSum, oneModel, sumOf } from '../normalise/series.ts'
import type { ServingSource } from './source.ts'

/**
 * A worker of Xinference (xinference/core/metrics.py), which serves models of many types; those of
 * type `rerank` count. Replicas and workers are added up.
 */
export const xinference: ServingSource = {
  name: 'xinference',
  recognises: ({ samples }) => [...samples.keys()].some((name) => name.startsWith('xinference:')),
  normalise(page, { model: wanted }) {
    const name = 'xinference:model_request_total'
    const reranks = having({ model_type: 'rerank' })
    const { model, matches } = oneModel(page, name, 'model_uid', wanted, reranks)
    const errors = sumOf(page, 'xinference:model_request_errors_total', matches)
    return {
      server: 'xinference',
      model,
      requests: sumOf(page, name, matches),
      errors: errors === undefined ? undefined : { failed: errors },
      requestDuration: histogramSum(page, 'xinference:model_request_duration_seconds', matches),
      inFlightRequests: sumOf(page, 'xinference:model_serve_count', matches),
    }
  },
}
