import type { ServingSample } from '../../core/snapshot.ts'
import type { PrometheusPage } from './prometheus-text.ts'
import { both, histogramSum, sumOf, sumsBy, type Matcher } from './series.ts'

/**
 * What prometheus-fastapi-instrumentator 7 measures by default, as Infinity and vLLM carry it:
 * `http_requests_total{handler,method,status="2xx"}` and `http_request_duration_seconds{handler}`
 * with the buckets 0.1, 0.5 and 1 s. Its `highr` histogram has more buckets but no handler: scrapes
 * and health checks are in it, so it is not used.
 */
const route: Matcher = (labels) =>
  labels.get('method') === 'POST' && /\/(?:rerank|score)$/.test(labels.get('handler') ?? '')

const requestsName = 'http_requests_total'

export function fastapiFigures(
  page: PrometheusPage,
): Pick<ServingSample, 'requests' | 'errors' | 'requestDuration'> {
  return {
    requests: sumOf(page, requestsName, route),
    errors: sumsBy(
      page,
      requestsName,
      'status',
      both(route, (labels) => /^[45]/.test(labels.get('status') ?? '')),
    ),
    requestDuration: histogramSum(page, 'http_request_duration_seconds', route),
  }
}

/** Requests answered with scores. */
export function fastapiSucceeded(page: PrometheusPage): number | undefined {
  return sumOf(
    page,
    requestsName,
    both(route, (labels) => (labels.get('status') ?? '').startsWith('2')),
  )
}

export function hasFastapiFigures(page: PrometheusPage): boolean {
  return page.samples.has(requestsName)
}
