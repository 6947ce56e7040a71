import type { PrometheusPage } from '../normalise/prometheus-text.ts'
import {
  both,
  histogramSum,
  oneModel,
  sumOf,
  sumsBy,
  withoutBuckets,
  type Matcher,
} from '../normalise/series.ts'
import { fastapiFigures, fastapiSucceeded } from '../normalise/fastapi.ts'
import type { ServingSource } from './source.ts'

/**
 * vLLM serving a pooling model (vllm/v1/metrics). Each document is a request to its engine, so all
 * that begins with `vllm:` counts pairs; only the HTTP layer counts requests. Its latency histograms
 * begin at 0.3 s; the time to the first token, which for a pooling model is the whole time, begins
 * at 1 ms.
 */
const failed = /^(?:abort|error)$/

export const vllm: ServingSource = {
  name: 'vllm',
  recognises: ({ samples }) => [...samples.keys()].some((name) => name.startsWith('vllm:')),
  normalise(page, { model: wanted }) {
    const { model, matches } = oneModel(page, 'vllm:num_requests_running', 'model_name', wanted)
    const reason =
      (pattern: RegExp, is: boolean): Matcher =>
      (labels) =>
        pattern.test(labels.get('finished_reason') ?? '') === is
    const finished = 'vllm:request_success_total'
    const pairs = sumOf(page, finished, both(matches, reason(failed, false)))
    return {
      server: 'vllm',
      model,
      ...fastapiFigures(page),
      pairs,
      failedPairs: sumsBy(page, finished, 'finished_reason', both(matches, reason(failed, true))),
      tokens: sumOf(page, 'vllm:prompt_tokens_total', matches),
      pairDuration: histogramSum(page, 'vllm:time_to_first_token_seconds', matches),
      stages: stagesIn(page, matches),
      documentsPerQuery: withoutBuckets(fastapiSucceeded(page), pairs),
      // One step of the engine is one batch; only their number is told.
      batchPairs: withoutBuckets(sumOf(page, 'vllm:iteration_tokens_total_count', matches), pairs),
      queuePairs: sumOf(page, 'vllm:num_requests_waiting', matches),
      inFlightPairs: sumOf(page, 'vllm:num_requests_running', matches),
    }
  },
}

/** Of pairs. The buckets begin at 0.3 s and say nothing, so only the means are taken over. */
function stagesIn(page: PrometheusPage, matches: Matcher) {
  const stageOf = (name: string) =>
    withoutBuckets(sumOf(page, `${name}_count`, matches), sumOf(page, `${name}_sum`, matches))
  const queue = stageOf('vllm:request_queue_time_seconds')
  const infer = stageOf('vllm:request_inference_time_seconds')
  return queue === undefined && infer === undefined
    ? undefined
    : { ...(queue && { queue }), ...(infer && { infer }) }
}
