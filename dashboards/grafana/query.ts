import { z } from 'zod'
import { environmentError } from '../../core/errors.ts'
import { ask, type Service } from '../http.ts'
import type { Target } from '../preview/model.ts'
import type { TimeWindow } from '../preview/window.ts'
import { askAs, failure } from './service.ts'

/** Queries through a Grafana, as its panels send them. Format: grafana.com/docs, "Data source HTTP API". */

export interface DataSource {
  readonly uid: string
  readonly name: string
}

const sources = z.array(
  z.looseObject({
    ...{ uid: z.string(), name: z.string(), type: z.string() },
    isDefault: z.boolean().default(false),
  }),
)

/** The one with this uid; without one the default Prometheus, or the first. */
export async function dataSource(service: Service, uid: string | undefined): Promise<DataSource> {
  const answer = await askAs(service, 'list data sources', '/api/datasources')
  const found = sources.safeParse(answer.value)
  if (answer.status !== 200 || !found.success) throw failure(service, 'list data sources', answer)
  const ours = found.data.filter(({ type }) => type === 'prometheus')
  const chosen =
    uid === undefined
      ? (ours.find(({ isDefault }) => isDefault) ?? ours[0])
      : ours.find((each) => each.uid === uid)
  if (chosen !== undefined) return chosen
  const names = ours.map((each) => `${each.uid} ("${each.name}")`).join(', ')
  throw environmentError(
    names === ''
      ? `Grafana at ${service.server.url} has no Prometheus data source: add one, or export with --format provisioning.`
      : `Grafana at ${service.server.url} has no Prometheus data source with the uid ${uid ?? ''}: --datasource takes ${names}.`,
  )
}

const result = z.looseObject({
  error: z.string().optional(),
  frames: z
    .array(
      z.looseObject({
        schema: z.looseObject({ fields: z.array(z.looseObject({ type: z.string() })) }).optional(),
        data: z.looseObject({ values: z.array(z.array(z.unknown())) }).optional(),
      }),
    )
    .default([]),
})
const results = z.looseObject({ results: z.record(z.string(), result) })

/** How many series with a value a query gives, or what is wrong with it. */
export type QueryOutcome = { readonly series: number } | { readonly problem: string }

const maximumPoints = 500

/** Grafana's own variables ($__rate_interval) may be in the expression; the others may not. */
export async function runQuery(
  service: Service,
  { uid }: DataSource,
  target: Target,
  { fromSeconds, toSeconds, stepSeconds }: TimeWindow,
): Promise<QueryOutcome> {
  const { refId, expr, instant, legendFormat } = target
  const { status, value } = await ask(service, '/api/ds/query', {
    method: 'POST',
    body: {
      from: String(fromSeconds * 1000),
      to: String(toSeconds * 1000),
      queries: [
        {
          ...{ refId, expr, instant, range: !instant, legendFormat },
          datasource: { type: 'prometheus', uid },
          intervalMs: stepSeconds * 1000,
          maxDataPoints: maximumPoints,
        },
      ],
    },
  })
  const parsed = results.safeParse(value)
  const answer = parsed.success ? parsed.data.results[refId] : undefined
  if (answer?.error !== undefined) return { problem: answer.error }
  if (answer === undefined) return { problem: `status ${String(status)}` }
  return { series: answer.frames.filter(hasValues).length }
}

function hasValues({ schema, data }: z.infer<typeof result>['frames'][number]): boolean {
  const fields = schema?.fields ?? []
  return fields.some(
    ({ type }, at) =>
      type === 'number' && (data?.values[at] ?? []).some((value) => typeof value === 'number'),
  )
}
