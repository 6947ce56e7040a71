import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { messageOf, usageError } from '../../core/errors.ts'
import { wordsOf } from '../../core/problems.ts'
import type { PrometheusPage } from '../normalise/prometheus-text.ts'
import { finite, having, histogramSum, labelsOf, sumOf, sumsBy } from '../normalise/series.ts'
import type { ServingSource, ServingSourceKind } from './source.ts'

/**
 * A server that nobody here knows: a YAML file says which of its metrics are which of ours.
 *
 *     server: my-reranker
 *     requests: { metric: app_requests_total, where: { route: /rerank } }
 *     errors: { metric: app_errors_total, by: reason }
 *     requestDuration: { metric: app_latency_milliseconds, scale: 0.001 }
 */
const series = {
  metric: z.string().min(1),
  /** Labels that a series must have; all series that do are added up. */
  where: z.record(z.string(), z.string()).default({}),
  /** What the source's number is multiplied by to become ours. */
  scale: z.number().positive().default(1),
}
const figure = z.union([
  z
    .string()
    .min(1)
    .transform((metric) => ({ metric, where: {}, scale: 1 })),
  z.strictObject(series),
])
const classes = z.strictObject({ ...series, by: z.string().min(1) })

const figureNames = [
  'requests',
  'pairs',
  'tokens',
  'truncatedPairs',
  'queuePairs',
  'queueRequests',
  'inFlightRequests',
  'inFlightPairs',
] as const
const histogramNames = [
  'requestDuration',
  'pairDuration',
  'documentsPerQuery',
  'batchPairs',
  'paddingRatio',
] as const
const classNames = ['errors', 'failedPairs', 'cacheHits', 'cacheMisses'] as const
const stageNames = ['tokenise', 'queue', 'infer'] as const

function optional<K extends string, S extends z.ZodType>(keys: readonly K[], schema: S) {
  const entries = keys.map((key) => [key, schema.optional()] as const)
  return Object.fromEntries(entries) as Record<K, z.ZodOptional<S>>
}

const mapSchema = z.strictObject({
  /** How the server is called in figures and pages. */
  server: z.string().min(1).default('generic'),
  /** A label that names the model, of the series of `requests` or `pairs`. */
  modelLabel: z.string().min(1).optional(),
  ...optional(figureNames, figure),
  ...optional(histogramNames, figure),
  ...optional(classNames, classes),
  stages: z.strictObject(optional(stageNames, figure)).optional(),
})
type SourceMap = z.infer<typeof mapSchema>
type Figure = z.infer<typeof figure>

export const generic: ServingSourceKind = {
  create: (file) => genericSource(readMap(file)),
}

/** Translates by the map. A metric that the page lacks leaves its figure absent. */
export function genericSource(map: SourceMap): ServingSource {
  const figures = [...figureNames, ...histogramNames, ...classNames].flatMap(
    (name) => map[name]?.metric ?? [],
  )
  const stages = stageNames.flatMap((stage) => map.stages?.[stage]?.metric ?? [])
  const known = [...figures, ...stages]
  return {
    name: 'generic',
    recognises: ({ samples }) =>
      known.some((metric) => samples.has(metric) || samples.has(`${metric}_bucket`)),
    normalise: (page) => ({
      server: map.server,
      model: modelOf(page, map),
      ...each(figureNames, (name) => numberOf(page, map[name])),
      ...each(histogramNames, (name) => histogramOf(page, map[name])),
      ...each(classNames, (name) => {
        const one = map[name]
        const sums = one && sumsBy(page, one.metric, one.by, having(one.where))
        return sums && scaled(sums, one.scale)
      }),
      ...(map.stages && {
        stages: each(stageNames, (name) => histogramOf(page, map.stages?.[name])),
      }),
    }),
  }
}

function each<K extends string, V>(
  names: readonly K[],
  valueOf: (name: K) => V | undefined,
): Partial<Record<K, V>> {
  const known = names.flatMap((name) => {
    const value = valueOf(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return Object.fromEntries(known) as Partial<Record<K, V>>
}

function numberOf(page: PrometheusPage, one: Figure | undefined): number | undefined {
  const sum = one && sumOf(page, one.metric, having(one.where))
  return sum === undefined ? undefined : finite(sum * (one?.scale ?? 1))
}

function histogramOf(page: PrometheusPage, one: Figure | undefined) {
  return one && histogramSum(page, one.metric, having(one.where), one.scale)
}

function scaled(sums: Readonly<Record<string, number>>, scale: number) {
  const values = Object.entries(sums).map(([key, value]) => [key, value * scale] as const)
  return Object.fromEntries(values.filter(([, value]) => Number.isFinite(value)))
}

function modelOf(page: PrometheusPage, map: SourceMap): string | undefined {
  const metric = (map.requests ?? map.pairs)?.metric
  if (map.modelLabel === undefined || metric === undefined) return undefined
  const models = labelsOf(page, metric, map.modelLabel)
  return models.length === 1 ? models[0] : undefined
}

/** Throws a `UserError` (usage) that names every mistake of the file. */
function readMap(file: string): SourceMap {
  const option = `--server generic:${file}`
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8'))
  } catch (error) {
    const said = messageOf(error)
      .replace(/:?\n.*/s, '')
      .replace(/(?<!\.)$/, '.')
    throw usageError(`${option} cannot be read: ${said}`, { cause: error })
  }
  const { success, data, error } = mapSchema.safeParse(content ?? {})
  if (!success) {
    const problems = error.issues.map((issue) =>
      issue.path.length === 0 ? wordsOf(issue) : `${issue.path.join('.')}: ${wordsOf(issue)}`,
    )
    throw usageError(`${option} is no map of metrics: ${problems.join('; ')}.`, { cause: error })
  }
  if (Object.keys(data).length < 2) {
    throw usageError(`${option} names no metric: give at least one, as in requests: NAME.`)
  }
  return data
}
