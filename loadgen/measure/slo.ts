import { z } from 'zod'
import { formatCount, formatDuration } from '../../core/units.ts'
import type { Summary } from './run-file.ts'

const latencies = ['p50', 'p90', 'p95', 'p99', 'max', 'mean'] as const
const figures = [...latencies, 'errors', 'rate'] as const

/**
 * A line that a run must keep. Latencies (seconds) and `errors` (a share of the requests) must be at
 * most the limit; `rate` (succeeded queries, a share of those asked for) at least.
 */
export const sloSchema = z.object({
  figure: z.enum(figures),
  /** Of a latency: from the intended time, or from the send. Null for the others. */
  of: z.enum(['response', 'service']).nullable(),
  limit: z.number().min(0),
})
export type SloThreshold = Readonly<z.infer<typeof sloSchema>>

export const sloResultSchema = sloSchema.extend({
  /** Null: not known, as p99 of too few samples; and what is not known is not met. */
  measured: z.number().nullable(),
  met: z.boolean(),
})
export type SloResult = Readonly<z.infer<typeof sloResultSchema>>

/** The grammar in one line, for help and errors. */
export const sloGrammar =
  'p50, p90, p95, p99, max or mean (of the response time; of the service time as service.p95) with a duration, errors or rate with a percentage, commas between, as in p95=200ms,errors=0.1%,rate=99%'

const latencyPattern = /^(?:(response|service)\.)?(p50|p90|p95|p99|max|mean)=(\d+(?:\.\d+)?)(ms|s)$/
const sharePattern = /^(errors|rate)=(\d+(?:\.\d+)?)%$/

/** `p95=200ms,errors=0.1%` → its thresholds, in order; undefined when any part is malformed or said twice. */
export function parseSlo(text: string): readonly SloThreshold[] | undefined {
  const thresholds = text.split(',').map((part) => thresholdOf(part.trim()))
  const known = thresholds.filter((one) => one !== undefined)
  const names = new Set(known.map(sloName))
  return names.size === thresholds.length ? known : undefined
}

function thresholdOf(text: string): SloThreshold | undefined {
  const [, of = 'response', latency, amount, unit] = latencyPattern.exec(text) ?? []
  if (latency !== undefined) {
    const limit = Number(amount) / (unit === 'ms' ? 1000 : 1)
    if (!(limit > 0)) return undefined
    return { figure: latency as SloThreshold['figure'], of: of as SloThreshold['of'], limit }
  }
  const [, share, percent] = sharePattern.exec(text) ?? []
  if (share === undefined || Number(percent) > 100) return undefined
  return { figure: share as 'errors' | 'rate', of: null, limit: Number(percent) / 100 }
}

type Measured = Pick<Summary, 'latencySeconds' | 'totals' | 'throughput' | 'profile'>

/** What a run measured of one figure; null when that is not known. */
export function measuredOf({ figure, of }: SloThreshold, run: Measured): number | null {
  const { latencySeconds, totals, throughput, profile } = run
  switch (figure) {
    case 'errors':
      return totals.requests === 0 ? null : totals.failed / totals.requests
    case 'rate':
      return throughput.queriesPerSecond / profile.queriesPerSecond
    case 'p50':
    case 'p90':
    case 'p95':
    case 'p99':
    case 'max':
    case 'mean':
      return latencySeconds[of ?? 'response'][figure]
  }
}

export function judgeSlo(thresholds: readonly SloThreshold[], run: Measured): SloResult[] {
  return thresholds.map(({ figure, of, limit }) => {
    const measured = measuredOf({ figure, of, limit }, run)
    const met = measured !== null && (figure === 'rate' ? measured >= limit : measured <= limit)
    return { figure, of, limit, measured, met }
  })
}

/** `p95`, `service.p99`, `errors`. */
export function sloName({ figure, of }: SloThreshold): string {
  return of === 'service' ? `service.${figure}` : figure
}

/** A limit or a measured value, in its unit; a dash for what is not known. */
export function sloValue({ figure }: SloThreshold, value: number | null): string {
  if (value === null) return 'not known'
  return figure === 'errors' || figure === 'rate'
    ? `${formatCount(Number((value * 100).toFixed(3)))} %`
    : formatDuration(value)
}

/** `p95 is 187 ms, at most 200 ms asked for`. */
export function sloSentence(result: SloResult): string {
  const bound = result.figure === 'rate' ? 'at least' : 'at most'
  return `${sloName(result)} is ${sloValue(result, result.measured)}, ${bound} ${sloValue(result, result.limit)} asked for`
}
