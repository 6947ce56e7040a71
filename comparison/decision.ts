import { replicasFor } from '../core/policy.ts'
import { ranksByChance } from './quality.ts'
import type { Row } from './row.ts'
import type { Score } from './score.ts'

/** What the user needs; what is not asked for is absent. */
export interface Constraints {
  readonly memoryBytes?: number | undefined
  /** Of a query with 50 documents that comes alone. */
  readonly p95Seconds?: number | undefined
  readonly queriesPerSecond?: number | undefined
}

type Verdict = 'met' | 'missed' | 'unknown'

export interface Decision {
  readonly target: string
  /** Null: not asked for. */
  readonly memory: Verdict | null
  readonly p95: Verdict | null
  readonly queries: Verdict | null
  /** That carry the queries, each at the policy's target utilisation; null where not known. */
  readonly replicas: number | null
  readonly fits: Verdict
}

/**
 * Which targets meet the constraints. `targetRatio` is the share of its capacity that a replica shall
 * run at; a rate that one replica cannot carry is missed, and the number that can is said.
 */
export function decide(
  rows: readonly Row[],
  { memoryBytes, p95Seconds, queriesPerSecond }: Constraints,
  targetRatio: number,
): readonly Decision[] {
  return rows.map((row) => {
    const { memory, latency, throughput, plausibility } = row
    // Who claims what the hardware cannot do is believed in nothing.
    const believed = plausibility.verdict !== 'impossible'
    const known = (value: number | undefined) => (believed ? value : undefined)
    const capacity = known(throughput[8].queriesPerSecond?.median)
    const replicas =
      queriesPerSecond === undefined || capacity === undefined || capacity <= 0
        ? null
        : replicasFor(queriesPerSecond, capacity, targetRatio)
    const verdicts = {
      memory: atMost(known((memory.underLoadBytes ?? memory.loadedBytes)?.median), memoryBytes),
      p95: atMost(known(latency[50].p95Seconds?.median), p95Seconds),
      queries: queriesPerSecond === undefined ? null : atMost(replicas ?? undefined, 1),
    }
    const all = Object.values(verdicts).filter((verdict) => verdict !== null)
    const fits = all.includes('missed') ? 'missed' : all.includes('unknown') ? 'unknown' : 'met'
    return { target: row.target, ...verdicts, replicas, fits }
  })
}

function atMost(value: number | undefined, limit: number | undefined): Verdict | null {
  if (limit === undefined) return null
  if (value === undefined) return 'unknown'
  return value <= limit ? 'met' : 'missed'
}

/** The best of those that fit and are not known to rank by chance; undefined where there is none. */
export function choiceOf(
  rows: readonly Row[],
  scores: readonly Score[],
  decisions: readonly Decision[],
): string | undefined {
  let choice: { readonly target: string; readonly total: number } | undefined
  for (const [at, row] of rows.entries()) {
    const { target } = row
    const total = scores[at]?.total ?? null
    if (decisions[at]?.fits !== 'met' || total === null || ranksByChance(row)) continue
    if (choice === undefined || total > choice.total) choice = { target, total }
  }
  return choice?.target
}
