import { z } from 'zod'
import { environmentError } from '../../core/errors.ts'
import type { TargetUrl } from '../../core/target-url.ts'
import { ask, type Service } from '../http.ts'
import type { TimeWindow } from './window.ts'

/** What a query gave: a series each, a point being Unix seconds and a value. */
export interface RawSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly (readonly [seconds: number, value: number])[]
}

/** The HTTP API of Prometheus, as far as boards need it. Format: prometheus.io/docs, "HTTP API". */
export interface Prometheus {
  range(expression: string, window: TimeWindow, signal?: AbortSignal): Promise<readonly RawSeries[]>
  instant(
    expression: string,
    atSeconds: number,
    signal?: AbortSignal,
  ): Promise<readonly RawSeries[]>
  labelValues(
    label: string,
    selector: string | undefined,
    window: TimeWindow,
    signal?: AbortSignal,
  ): Promise<readonly string[]>
}

const timeoutSeconds = 10

const sample = z.tuple([z.number(), z.string()])
const labels = z.record(z.string(), z.string())
const data = z.union([
  z.looseObject({
    resultType: z.literal('matrix'),
    result: z.array(z.looseObject({ metric: labels, values: z.array(sample).default([]) })),
  }),
  z.looseObject({
    resultType: z.literal('vector'),
    result: z.array(z.looseObject({ metric: labels, value: sample.optional() })),
  }),
  z.looseObject({ resultType: z.literal('scalar'), result: sample }),
])
const failure = z.looseObject({ status: z.literal('error'), error: z.string() })

/** Every method rejects with a `UserError` (environment) when there is no answer to be had. */
export function prometheusAt(server: TargetUrl): Prometheus {
  return prometheusOver({ name: 'Prometheus', server, headers: server.headers, timeoutSeconds })
}

/** As `prometheusAt`, of one that is behind another service. */
export function prometheusOver(service: Service): Prometheus {
  const post = async (path: string, form: Record<string, string>, signal?: AbortSignal) =>
    seriesOf(
      await answerOf(service, path, { method: 'POST', form: new URLSearchParams(form), signal }),
      service,
    )
  return {
    range: (query, { fromSeconds, toSeconds, stepSeconds }, signal) =>
      post(
        '/api/v1/query_range',
        {
          query,
          start: String(fromSeconds),
          end: String(toSeconds),
          step: String(stepSeconds),
          timeout: `${String(timeoutSeconds)}s`,
        },
        signal,
      ),
    instant: (query, atSeconds, signal) =>
      post(
        '/api/v1/query',
        { query, time: String(atSeconds), timeout: `${String(timeoutSeconds)}s` },
        signal,
      ),
    labelValues: async (label, selector, { fromSeconds, toSeconds }, signal) => {
      const query = new URLSearchParams({
        start: String(fromSeconds),
        end: String(toSeconds),
        ...(selector !== undefined && { 'match[]': selector }),
      })
      const path = `/api/v1/label/${encodeURIComponent(label)}/values?${query.toString()}`
      const values = z.array(z.string()).safeParse(await answerOf(service, path, { signal }))
      if (values.success) return values.data
      throw unexpected(service)
    },
  }
}

async function answerOf(
  service: Service,
  path: string,
  question: Parameters<typeof ask>[2],
): Promise<unknown> {
  const { status, value } = await ask(service, path, question)
  const failed = failure.safeParse(value)
  if (failed.success) {
    throw environmentError(`Prometheus refuses a query: ${failed.data.error}.`)
  }
  if (status !== 200 || typeof value !== 'object' || value === null || !('data' in value)) {
    throw environmentError(
      `Prometheus at ${service.server.url} answers with status ${String(status)}: is this its address, and may we ask it?`,
    )
  }
  return value.data
}

function seriesOf(value: unknown, service: Service): readonly RawSeries[] {
  const parsed = data.safeParse(value)
  if (!parsed.success) throw unexpected(service)
  switch (parsed.data.resultType) {
    case 'matrix':
      return parsed.data.result.map(({ metric, values }) => ({
        labels: metric,
        points: values.map(([seconds, text]) => [seconds, numberOf(text)] as const),
      }))
    case 'vector':
      return parsed.data.result.map(({ metric, value: point }) => ({
        labels: metric,
        points: point === undefined ? [] : [[point[0], numberOf(point[1])] as const],
      }))
    case 'scalar': {
      const [seconds, text] = parsed.data.result
      return [{ labels: {}, points: [[seconds, numberOf(text)]] }]
    }
  }
}

/** `+Inf`, `-Inf` and `NaN` as Prometheus writes them. */
const numberOf = (text: string) => Number(text.replace('Inf', 'Infinity'))

const unexpected = ({ server }: Service) =>
  environmentError(`${server.url} does not answer as a Prometheus does: is this its address?`)
