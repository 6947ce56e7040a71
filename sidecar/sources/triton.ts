import type { PrometheusPage } from '../normalise/prometheus-text.ts'
import {
  finite,
  histogramSum,
  oneModel,
  sumOf,
  sumsBy,
  withoutBuckets,
  type Matcher,
} from '../normalise/series.ts'
import type { ServingSource } from './source.ts'

/**
 * Triton Inference Server (docs/user_guide/metrics.md): cumulative microseconds a model. A mean can
 * be had of them and no quantile, unless the latency histogram is switched on. An inference is a
 * pair where the model's batch dimension is the documents.
 */
const secondsPerMicrosecond = 1e-6
const secondsPerMillisecond = 1e-3

export const triton: ServingSource = {
  name: 'triton',
  recognises: ({ samples }) => samples.has('nv_inference_request_success'),
  normalise(page, { model: wanted }) {
    const succeededName = 'nv_inference_request_success'
    const { model, matches } = oneModel(page, succeededName, 'model', wanted)
    const sum = (name: string) => sumOf(page, name, matches)
    const succeeded = sum(succeededName)
    const errors = sumsBy(page, 'nv_inference_request_failure', 'reason', matches)
    const failed = Object.values(errors ?? {}).reduce((total, count) => total + count, 0)
    const pairs = sum('nv_inference_count')
    return {
      server: 'triton',
      model,
      requests: succeeded === undefined ? undefined : finite(succeeded + failed),
      errors,
      pairs,
      requestDuration:
        histogramSum(
          page,
          'nv_inference_first_response_histogram_ms',
          matches,
          secondsPerMillisecond,
        ) ?? withoutBuckets(succeeded, seconds(sum('nv_inference_request_duration_us'))),
      stages: stagesIn(page, matches),
      documentsPerQuery: withoutBuckets(succeeded, pairs),
      batchPairs: withoutBuckets(sum('nv_inference_exec_count'), pairs),
      queueRequests: sum('nv_inference_pending_request_count'),
      cacheHits: cacheOf(sum('nv_cache_num_hits_per_model')),
      cacheMisses: cacheOf(sum('nv_cache_num_misses_per_model')),
    }
  },
}

function seconds(microseconds: number | undefined): number | undefined {
  return microseconds === undefined ? undefined : microseconds * secondsPerMicrosecond
}

/** Of requests: what is queued and computed is a request, whatever batch it ends in. */
function stagesIn(page: PrometheusPage, matches: Matcher) {
  const count = sumOf(page, 'nv_inference_request_success', matches)
  const stageOf = (name: string) => withoutBuckets(count, seconds(sumOf(page, name, matches)))
  const queue = stageOf('nv_inference_queue_duration_us')
  const infer = stageOf('nv_inference_compute_infer_duration_us')
  return queue === undefined && infer === undefined
    ? undefined
    : { ...(queue && { queue }), ...(infer && { infer }) }
}

function cacheOf(count: number | undefined): Readonly<Record<string, number>> | undefined {
  return count === undefined ? undefined : { response: count }
}
