import { policy } from '../core/policy.ts'
import type { CellResult } from './results.ts'
import type { RunFacts } from './run-file.ts'

/** One sentence a cell that did not give what it should; cells with the same fate share one. */
export function reasonsOf(results: readonly CellResult[]): readonly string[] {
  const byReason = new Map<string, string[]>()
  for (const { cell, record } of results) {
    if (record.reason === undefined) continue
    const cells = byReason.get(record.reason) ?? []
    byReason.set(record.reason, [...cells, `${cell.test} (round ${String(cell.round)})`])
  }
  return [...byReason].map(([reason, cells]) => {
    const named = cells.length > 3 ? `${String(cells.length)} of its cells` : cells.join(', ')
    return `${named}: ${reason}`
  })
}

/**
 * How a load ended, and what is to be told of it: `failed` where its figures are of no use, because
 * more requests failed than the policy allows, `invalid` where the generator is to blame.
 */
export function loadVerdict({ totals, validity }: RunFacts): {
  readonly state: 'measured' | 'invalid' | 'failed'
  readonly reason?: string
} {
  const { requests, succeeded, failed, byOutcome } = totals
  if (requests === 0) return { state: 'failed', reason: 'nothing was answered' }
  const kinds = Object.entries(byOutcome)
    .filter(([outcome, number]) => outcome !== 'ok' && number > 0)
    .map(([outcome]) => outcome)
    .join(', ')
  if (succeeded === 0) return { state: 'failed', reason: `no request succeeded (${kinds})` }
  const reason = [
    ...(failed === 0
      ? []
      : [`${String(failed)} of ${String(requests)} requests failed (${kinds})`]),
    ...(validity.valid ? [] : [`INVALID: ${validity.reasons.join('; ')}`]),
  ].join('; ')
  if (failed / requests > policy.budget.errorRatio) return { state: 'failed', reason }
  if (!validity.valid) return { state: 'invalid', reason }
  return reason === '' ? { state: 'measured' } : { state: 'measured', reason }
}
