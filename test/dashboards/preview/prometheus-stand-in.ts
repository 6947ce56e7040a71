import { bodyOf, loopback, type Loopback } from '../loopback.ts'

/**
 * A stand-in for Prometheus' HTTP API, not a Prometheus: it does not know PromQL. It answers every
 * query with a few series that wave, and writes down what it was asked.
 */
export interface PrometheusStandIn extends Loopback {
  readonly asked: { path: string; form: Record<string, string> }[]
  /** A query that this is true of has no answer. */
  empty: (expression: string) => boolean
}

/** Labels that the legends of the boards name; a histogram has buckets. */
const some = { job: 'sidecars', instance: 'gpu-1:9464', gpu: '0', gpu_uuid: 'GPU-1', name: 'L4' }

export async function prometheusStandIn(): Promise<PrometheusStandIn> {
  const asked: PrometheusStandIn['asked'] = []
  const server = await loopback((request, response) => {
    void (async () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://stand-in')
      const form = Object.fromEntries([
        ...searchParams,
        ...new URLSearchParams(await bodyOf(request)),
      ])
      asked.push({ path: pathname, form })
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ status: 'success', data: answer(pathname, form) }))
    })()
  })
  const standIn: PrometheusStandIn = { ...server, asked, empty: () => false }
  return standIn

  function answer(path: string, form: Record<string, string>): unknown {
    const label = /^\/api\/v1\/label\/(\w+)\/values$/.exec(path)?.[1]
    if (label !== undefined) return label === 'instance' ? ['gpu-1:9464', 'gpu-2:9464'] : ['one']
    const none = standIn.empty(form['query'] ?? '')
    const series = none ? [] : labelsOf(form['query'] ?? '')
    if (path === '/api/v1/query') {
      const result = series.map((metric, at) => ({
        metric,
        value: [Number(form['time']), String(0.5 + at)],
      }))
      return { resultType: 'vector', result }
    }
    const [start, end, step] = ['start', 'end', 'step'].map((key) => Number(form[key]))
    const count = Math.floor((end! - start!) / step!) + 1
    const result = series.map((metric, at) => ({
      metric,
      values: Array.from({ length: count }, (_, n) => [
        start! + n * step!,
        String(at + 1 + Math.sin(n / 5) / 2),
      ]),
    }))
    return { resultType: 'matrix', result }
  }
}

function labelsOf(expression: string): Record<string, string>[] {
  if (/by \([^)]*\ble\b[^)]*\)/.test(expression) && !expression.includes('histogram_quantile')) {
    return ['0.1', '0.5', '+Inf'].map((le) => ({ le }))
  }
  return [some, { ...some, gpu: '1', gpu_uuid: 'GPU-2', instance: 'gpu-2:9464' }]
}
