import { valueOf } from '../normalise/prometheus-text.ts'
import { withoutBuckets } from '../normalise/series.ts'
import type { ServingSource } from './source.ts'

/**
 * The server of llama.cpp, started with `--metrics` and `--reranking`. Each document is a task of
 * its own, so what it calls a request is a pair. It counts neither requests nor their durations.
 */
export const llamacpp: ServingSource = {
  name: 'llamacpp',
  recognises: ({ samples }) => [...samples.keys()].some((name) => name.startsWith('llamacpp:')),
  normalise(page) {
    const decodes = valueOf(page, 'llamacpp:n_decode_total')
    const inferSeconds = valueOf(page, 'llamacpp:prompt_seconds_total')
    const infer = withoutBuckets(decodes, inferSeconds)
    return {
      server: 'llamacpp',
      tokens: valueOf(page, 'llamacpp:prompt_tokens_total'),
      stages: infer && { infer },
      queuePairs: valueOf(page, 'llamacpp:requests_deferred'),
      inFlightPairs: valueOf(page, 'llamacpp:requests_processing'),
    }
  },
}
