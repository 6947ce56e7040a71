import type { HistogramValue } from '../../core/histogram.ts'
import { textAt } from '../normalise/document.ts'
import type { PrometheusPage } from '../normalise/prometheus-text.ts'
import { having, histogramSum, sumOf, sumsBy, withoutBuckets } from '../normalise/series.ts'
import type { ServingSource } from './source.ts'

/**
 * Text Embeddings Inference (router/src, v1.9.3). A rerank request is of method `batch`; what it
 * counts under `predict` are pairs.
 */
const batch = having({ method: 'batch' })

/** Of these one failed pair counts one; of the rest one failed request does. */
const failuresOfPairs = new Set(['overloaded', 'tokenization', 'inference', 'dropped'])

export const tei: ServingSource = {
  name: 'tei',
  beside: { path: '/info', everySeconds: 60 },
  // The page is empty until the first request, which no other server's is.
  recognises: ({ samples, droppedLines }) =>
    samples.size === 0 ? droppedLines === 0 : [...samples.keys()].some((name) => /^te_/.test(name)),
  normalise(page, { beside }) {
    const failures = sumsBy(page, 'te_request_failure', 'err')
    const pairs = sumOf(page, 'te_predict_success')
    return {
      server: 'tei',
      model: textAt(beside, 'model_id'),
      dtype: textAt(beside, 'model_dtype'),
      requests: sumOf(page, 'te_request_count', batch),
      errors: only(failures, (kind) => !failuresOfPairs.has(kind)),
      failedPairs: only(failures, (kind) => failuresOfPairs.has(kind)),
      pairs,
      tokens: sumOf(page, 'te_batch_next_tokens_sum'),
      requestDuration: histogramSum(page, 'te_request_duration'),
      pairDuration: histogramSum(page, 'te_predict_duration'),
      stages: stagesIn(page),
      documentsPerQuery: withoutBuckets(sumOf(page, 'te_request_success', batch), pairs),
      batchPairs: batchPairsIn(page),
      queuePairs: sumOf(page, 'te_queue_size'),
    }
  },
}

function only(
  failures: Readonly<Record<string, number>> | undefined,
  wanted: (kind: string) => boolean,
): Readonly<Record<string, number>> | undefined {
  const entries = Object.entries(failures ?? {}).filter(([kind]) => wanted(kind))
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}

function stagesIn(page: PrometheusPage): Readonly<Record<string, HistogramValue>> | undefined {
  const names = { tokenise: 'tokenization', queue: 'queue', infer: 'inference' }
  const stages = Object.entries(names).flatMap(([stage, name]) => {
    const histogram = histogramSum(page, `te_request_${name}_duration`)
    return histogram === undefined ? [] : [[stage, histogram] as const]
  })
  return stages.length === 0 ? undefined : Object.fromEntries(stages)
}

/**
 * TEI records a batch of 0 pairs and 0 tokens whenever its queue runs dry. No real batch has as
 * little as one token, so the lowest bucket of the tokens counts exactly the empty ones.
 */
function batchPairsIn(page: PrometheusPage): HistogramValue | undefined {
  const sizes = histogramSum(page, 'te_batch_next_size')
  const empty = histogramSum(page, 'te_batch_next_tokens')?.counts[0]
  if (sizes === undefined || empty === undefined) return undefined
  const [lowest = 0, ...others] = sizes.counts
  // The two are written one after the other: a page from between them must not give -1.
  return { ...sizes, counts: [Math.max(0, lowest - empty), ...others] }
}
