import { z } from 'zod'
import { catalogue, metrics, type Metric } from '../core/metrics.ts'
import { alertsNow } from '../core/promql.ts'

/**
 * What the boards show of the catalogue, what they leave out, and which answers may be empty; each
 * with its reason. Reads the finished JSON, so that it holds for a board that was changed by hand.
 */

type MetricKey = keyof typeof metrics

/** A question of a board to Prometheus. */
export interface PanelQuery {
  /** Name of the board. */
  readonly board: string
  /** Stable id of the panel, as in `viewPanel=ID`. */
  readonly panel: number
  readonly title: string
  readonly refId: string
  /** With Grafana's variables in it; see `withEverythingChosen`. */
  readonly expression: string
  /** Why no series may come back; undefined: where all is well there is always one. */
  readonly mayBeEmpty: string | undefined
}

const onlyNvidia = 'only nvidia-smi tells it: an emulated GPU has none'
const byServer = 'the reference server does not tell it'
const whileLoading = 'a load generator pushes it, and only while it runs'
const withProxy = 'only a sidecar with --proxy has it'

/**
 * Metrics that are absent where all is well, and when. The yardstick is the reference server under
 * load, a sidecar with an emulated GPU, and nothing else: what is not here must be there.
 */
const absences: Readonly<Partial<Record<MetricKey, string>>> = {
  gpuMemoryTotalBytes: onlyNvidia,
  gpuPowerWatts: onlyNvidia,
  gpuPowerLimitWatts: onlyNvidia,
  gpuTemperatureCelsius: onlyNvidia,
  gpuSmClockHertz: onlyNvidia,
  gpuThrottled: onlyNvidia,
  gpuThrottleReason: onlyNvidia,
  gpuInventoryInfo: onlyNvidia,
  gpuMemoryReservedBytes: onlyNvidia,
  gpuPowerLimitMaximumWatts: onlyNvidia,
  gpuEccErrors: onlyNvidia,
  gpuRecoveryAction: onlyNvidia,
  gpuProcesses: onlyNvidia,
  gpuEnergyJoules: onlyNvidia,
  gpuMigMemoryUsedBytes: 'only MIG devices have it',
  gpuMigMemoryTotalBytes: 'only MIG devices have it',
  queries: byServer,
  failedPairs: byServer,
  shapeDuration: withProxy,
  pairDuration: byServer,
  queueRequests: byServer,
  inFlightPairs: byServer,
  proxyConnections: withProxy,
  proxyUnread: withProxy,
  loadInfo: whileLoading,
  loadOfferedQueries: whileLoading,
  loadRequests: whileLoading,
  loadPairs: whileLoading,
  loadInFlightRequests: whileLoading,
  loadResponseDuration: whileLoading,
  loadDispatchLag: whileLoading,
}

const ofTheServer =
  'it is on the page of the reference server alone, and boards read the sidecar, so that any reranker can stand there'

/** Metrics that no board shows, and why. A test holds the boards and this against the catalogue. */
export const notShown: Readonly<Partial<Record<MetricKey, string>>> = {
  gpuMemoryUsed:
    'rerankscope_gpu_memory_used_bytes is the same; this is the name that people wrote their own boards on',
  gpuUtilizationRatio:
    'nvidia_smi_gpu_utilization is the same in percent, and the boards count busy time besides',
  droppedPairs: ofTheServer,
  inferenceBusySeconds: ofTheServer,
  inferenceResidentBytes: ofTheServer,
  inferenceRestarts: ofTheServer,
  inferenceMemorySplits: ofTheServer,
}

const target = z.looseObject({ refId: z.string(), expr: z.string() })
const panel = z.looseObject({
  id: z.number(),
  type: z.string().default(''),
  title: z.string(),
  description: z.string().default(''),
  targets: z.array(target).default([]),
})
const boardSchema = z.looseObject({
  panels: z.array(panel.extend({ panels: z.array(panel).default([]) })),
})

/** What a reader finds on a board, from top to bottom. */
export interface Content {
  readonly id: number
  readonly title: string
  /** The headings of the board are among its panels. */
  readonly isHeading: boolean
  readonly shows: string
  readonly whenBad: string
}

/** Headings and panels of a board, those of closed rows as well. */
export function contentsOf(json: string): readonly Content[] {
  return boardSchema
    .parse(JSON.parse(json))
    .panels.flatMap((one) => [one, ...one.panels])
    .map(({ id, type, title, description }) => {
      const [shows = '', , whenBad = ''] = description.split('\n\n')
      return { id, title, isHeading: type === 'row', shows, whenBad }
    })
}

/** Every query of every board, from top to bottom; those of closed rows as well. */
export function panelQueries(
  boards: readonly { readonly name: string; readonly json: string }[],
): readonly PanelQuery[] {
  return boards.flatMap((board) =>
    boardSchema
      .parse(JSON.parse(board.json))
      .panels.flatMap((one) => [one, ...one.panels])
      .flatMap(({ id, title, targets }) =>
        targets.map(({ refId, expr }) => ({
          board: board.name,
          panel: id,
          title,
          refId,
          expression: expr,
          mayBeEmpty: sparseQueries[`${board.name} ${String(id)} ${refId}`] ?? emptyReasonOf(expr),
        })),
      ),
  )
}

/** Queries whose metrics are there and that have no answer all the same, by board, panel and refId. */
export const sparseQueries: Readonly<Record<string, string>> = {
  'gpu 7 C': 'of a single replica there is no "one less"',
}

function emptyReasonOf(expression: string): string | undefined {
  if (new RegExp(`\\b${alertsNow.name}\\b`).test(expression))
    return 'only an alert that fires has it'
  const read = new Set(metricsIn(expression))
  const keys = Object.keys(metrics) as MetricKey[]
  return keys
    .filter((key) => read.has(metrics[key]))
    .map((key) => absences[key])
    .find((reason) => reason !== undefined)
}

/** The metrics of the catalogue that an expression reads, histograms by any of their series. */
export function metricsIn(expression: string): readonly Metric[] {
  const words = new Set(expression.match(/[a-zA-Z_:][\w:]*/g))
  return catalogue.filter(({ name, kind }) =>
    kind === 'histogram'
      ? ['_bucket', '_count', '_sum'].some((part) => words.has(`${name}${part}`))
      : words.has(name),
  )
}

/** The expression as Grafana asks it when every menu says "All". `windowSeconds` stands for its own windows. */
export function withEverythingChosen(expression: string, windowSeconds: number): string {
  return expression
    .replaceAll(/\$(__rate_interval|__range|__interval)\b/g, `${String(windowSeconds)}s`)
    .replaceAll(/\$namespace\b/g, '.*')
    .replaceAll(/\$(job|instance|gpu|run)\b/g, '.+')
}
