import { metrics } from '../../core/metrics.ts'
import { valueOf, type PrometheusPage } from '../normalise/prometheus-text.ts'
import { having, histogramSum, labelsOf, sumsBy } from '../normalise/series.ts'
import type { ServingSource } from './source.ts'

/** Our reference server, which speaks the catalogue: nothing to translate. */
export const rerankscope: ServingSource = {
  name: 'rerankscope',
  recognises: (page) => page.samples.has(metrics.requests.name),
  normalise: (page) => {
    const info = page.samples.get(metrics.modelInfo.name)?.[0]?.labels
    const valueIn = ({ name }: { readonly name: string }) => valueOf(page, name)
    const histogramIn = ({ name }: { readonly name: string }) => histogramSum(page, name)
    return {
      server: info?.get('server') ?? rerankscope.name,
      model: info?.get('model'),
      dtype: info?.get('dtype'),
      device: info?.get('device'),
      requests: valueIn(metrics.requests),
      errors: sumsBy(page, metrics.errors.name, 'class'),
      pairs: valueIn(metrics.pairs),
      tokens: valueIn(metrics.tokens),
      truncatedPairs: valueIn(metrics.truncatedPairs),
      requestDuration: histogramIn(metrics.requestDuration),
      stages: stagesIn(page),
      documentsPerQuery: histogramIn(metrics.documentsPerQuery),
      batchPairs: histogramIn(metrics.batchPairs),
      paddingRatio: histogramIn(metrics.paddingRatio),
      queuePairs: valueIn(metrics.queuePairs),
      inFlightRequests: valueIn(metrics.inFlightRequests),
      cacheHits: sumsBy(page, metrics.cacheHits.name, 'cache'),
      cacheMisses: sumsBy(page, metrics.cacheMisses.name, 'cache'),
    }
  },
}

function stagesIn(page: PrometheusPage) {
  const { name } = metrics.stageDuration
  const stages = labelsOf(page, `${name}_count`, 'stage').flatMap((stage) => {
    const histogram = histogramSum(page, name, having({ stage }))
    return histogram === undefined ? [] : [[stage, histogram] as const]
  })
  return stages.length === 0 ? undefined : Object.fromEntries(stages)
}
