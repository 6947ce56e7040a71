import { stringify } from 'csv-stringify/sync'
import type { Summary } from '../measure/run-file.ts'
import type { Run } from './folder.ts'

const columns = ['run', 'profile', 'started_at', 'figure', 'documents', 'value', 'length'] as const
type Value = number | boolean | null | undefined

/**
 * A line a figure, in base units, the unit last in its name; an empty value is one that is not known.
 * `documents` is empty but for the figures of one shape, and `length` but for those of one length:
 * both are the upper end of their range.
 */
export function formatCsv(runs: readonly Run[]): string {
  const rows = runs.flatMap(({ folder, summary }) =>
    rowsOf(summary).map(([figure, value, documents, length]) => [
      // A cell that begins like a formula is one, to a spreadsheet.
      folder.replace(/^[=+\-@\t\r]/, "'$&"),
      summary.profile.name.replace(/^[=+\-@\t\r]/, "'$&"),
      summary.startedAt,
      figure,
      documents ?? '',
      // Microseconds, as in the run folder; the rest is the noise of binary fractions.
      typeof value === 'number' ? String(Number(value.toFixed(6))) : String(value ?? ''),
      length ?? '',
    ]),
  )
  return stringify([[...columns], ...rows])
}

type Row = readonly [figure: string, value: Value, documents?: number, length?: number]

function rowsOf(summary: Summary): readonly Row[] {
  const { validity, totals, throughput, latencySeconds, gpu, efficiency } = summary
  const { p95Interval, p95IntervalConfidence, ...response } = latencySeconds.response
  const percentiles = (name: string, values: Readonly<Record<string, number | null>>): Row[] =>
    Object.entries(values).map(([key, value]) => [`${name}_${key}_seconds`, value])
  return [
    ['valid', validity.valid],
    ['requested_queries_per_second', validity.requestedRate],
    ['sent_queries_per_second', validity.achievedRate],
    ['dispatch_lag_p99_seconds', validity.dispatchLagSeconds.p99],
    ['requests', totals.requests],
    ['succeeded', totals.succeeded],
    ['failed', totals.failed],
    ['pairs', totals.pairs],
    ['queries_per_second', throughput.queriesPerSecond],
    ['pairs_per_second', throughput.pairsPerSecond],
    ...saturationRows(summary),
    ['tokens_per_second', throughput.tokensPerSecond],
    ['steady_start_seconds', summary.steady?.startSeconds],
    ['steady_end_seconds', summary.steady?.endSeconds],
    ['steady_pairs_per_second', summary.steady?.pairsPerSecond],
    ...percentiles('response', response),
    ['response_p95_interval_low_seconds', p95Interval?.[0]],
    ['response_p95_interval_high_seconds', p95Interval?.[1]],
    ['response_p95_interval_confidence', p95IntervalConfidence],
    ...percentiles('service', latencySeconds.service),
    ...summary.byShape.flatMap(({ documents, requests, responseSeconds }): Row[] => [
      ['shape_requests', requests, documents],
      ['shape_response_p50_seconds', responseSeconds.p50, documents],
      ['shape_response_p95_seconds', responseSeconds.p95, documents],
    ]),
    ...lengthRowsOf(summary),
    ...(gpu?.devices ?? []).flatMap((device, at): Row[] => [
      ...Object.entries(device.utilizationPercent).map(([key, value]): Row => [
        `gpu${String(at)}_utilization_${key}_percent`,
        value,
      ]),
      [`gpu${String(at)}_memory_used_mean_bytes`, device.memoryUsedBytes.mean],
      [`gpu${String(at)}_energy_joules`, device.energyJoules],
    ]),
    ['pairs_per_second_per_gb', efficiency.pairsPerSecondPerGb],
    ['pairs_per_joule', efficiency.pairsPerJoule],
  ]
}

/** `shape_tokens_requests`: tokens or characters of a document, whichever the run is cut by. */
function lengthRowsOf({ byShapeAndLength }: Summary): readonly Row[] {
  if (byShapeAndLength === null) return []
  const { lengthUnit, cells } = byShapeAndLength
  return cells.flatMap(({ documents, length, requests, responseSeconds }): Row[] => [
    [`shape_${lengthUnit}_requests`, requests, documents.to, length.to],
    [`shape_${lengthUnit}_response_p50_seconds`, responseSeconds.p50, documents.to, length.to],
    [`shape_${lengthUnit}_response_p95_seconds`, responseSeconds.p95, documents.to, length.to],
  ])
}

/** Only a saturated run has them. */
function saturationRows({ saturation }: Summary): Row[] {
  if (saturation === undefined) return []
  const { concurrency, meanInFlight, pairsEachSecond } = saturation
  return [
    ['concurrency', concurrency],
    ['mean_in_flight', meanInFlight],
    ['pairs_each_second_min', pairsEachSecond.min],
    ['pairs_each_second_max', pairsEachSecond.max],
  ]
}
