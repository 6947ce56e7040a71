import { replicasFor } from '../../core/policy.ts'
import { formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import type { CapacityResult, CapacityStep } from '../capacity.ts'

const widths = [4, 11, 9, 8, 10, 8, 7] as const
const line = (cells: readonly string[]): string =>
  cells
    .map((cell, at) => cell.padStart(widths[at] ?? 0))
    .join('  ')
    .trimEnd()

/** Above the lines of the steps; they fit 80 columns. */
export const capacityHead = `${line(['step', 'queries/s', 'pairs/s', 'samples', 'p95', 'failed', 'time'])}  verdict`

/** One step, as soon as it is over. */
export function capacityLine(step: CapacityStep): string {
  const { number, queriesPerSecond, pairsPerSecond, samples, p95Seconds, failed, seconds } = step
  const verdict = `${step.kept ? 'kept' : 'missed'}${step.sure ? '' : '?'}${step.invalid.length > 0 ? ' !' : ''}`
  const cells = [
    String(number),
    formatCount(queriesPerSecond),
    formatCount(pairsPerSecond),
    formatCount(samples),
    p95Seconds === null ? '–' : formatDuration(p95Seconds),
    formatCount(failed),
    `${seconds.toFixed(0)} s`,
  ]
  return `${line(cells)}  ${verdict}`
}

/** The answer in words; `wanted` asks how many replicas carry so many queries a second. */
export function capacitySentences(
  result: CapacityResult,
  targetRatio: number,
  wanted?: number,
): readonly string[] {
  const { queriesPerSecond, pairsPerSecond, interval, steps, valid } = result
  const [lower, upper] = interval
  const doubtful = steps.some(({ sure }) => !sure)
  const notes = [
    ...(doubtful ? ['? the interval of a figure holds its threshold: the verdict is a guess'] : []),
    ...(steps.some(({ invalid }) => invalid.length > 0)
      ? ['! the generator did not keep its schedule in this step']
      : []),
    ...(valid ? [] : ['INVALID: a step that bounds the answer is not to be trusted']),
  ]
  if (queriesPerSecond === null) {
    return [
      upper === null
        ? 'No rate was tried to its end.'
        : `The thresholds are missed even at ${formatCount(upper)} queries/s.`,
      ...notes,
    ]
  }
  const pairs = pairsPerSecond === null ? '' : `, ${formatCount(pairsPerSecond)} pairs/s`
  const bounds =
    upper === null
      ? `at least ${formatCount(lower ?? queriesPerSecond)}: nothing higher was missed`
      : `between ${lower === null ? '0' : formatCount(lower)} and ${formatCount(upper)}`
  return [
    `Capacity: ${formatCount(queriesPerSecond)} queries/s${pairs} (${bounds}).`,
    ...(wanted === undefined
      ? []
      : [
          `For ${formatCount(wanted)} queries/s: ${formatCount(replicasFor(wanted, queriesPerSecond, targetRatio))} replicas, each at ${formatRatio(targetRatio)} of that at most.`,
        ]),
    ...notes,
  ]
}
