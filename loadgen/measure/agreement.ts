import { formatDuration } from '../../core/units.ts'
import type { Summary } from './run-file.ts'

export interface Agreement {
  readonly agree: boolean
  readonly sentence: string
}

type Measured = Pick<Summary, 'engine' | 'latencySeconds' | 'totals'>

/**
 * Whether two engines that replayed one plan tell the same of the target: as many requests of the plan
 * answered in both, and 95 % intervals of p95 that overlap. Two generators that share no code seldom
 * share a mistake.
 */
export function agreementOf(one: Measured, other: Measured): Agreement {
  const both = [one, other]
  const say = (agree: boolean, why: string): Agreement => ({
    agree,
    sentence: `${one.engine.name} and ${other.engine.name} ${agree ? 'agree' : 'do not agree'}: ${why}.`,
  })
  const counts = both.map(({ totals }) => totals.succeeded)
  if (counts[0] !== counts[1]) {
    return say(false, `${counts.map(String).join(' and ')} requests succeeded`)
  }
  const figures = both.map(({ latencySeconds }) => latencySeconds.response)
  const intervals = figures.flatMap(({ p95Interval }) =>
    p95Interval === null ? [] : [p95Interval],
  )
  const [first, second] = intervals
  if (first === undefined || second === undefined) return say(false, 'one of them has no p95')
  const overlap = first[0] <= second[1] && second[0] <= first[1]
  const words = figures.map(
    ({ p95 }, at) =>
      `${both[at]?.engine.name ?? ''} p95 ${p95 === null ? '–' : formatDuration(p95)} (${(intervals[at] ?? []).map(formatDuration).join(' … ')})`,
  )
  return say(overlap, `${words.join(', ')}; the intervals ${overlap ? 'overlap' : 'lie apart'}`)
}
