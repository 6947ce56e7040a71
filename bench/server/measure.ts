import { systemClock } from '../../core/clock.ts'
import { sorted } from '../../loadgen/measure/latency.ts'
import { percentile } from '../../loadgen/measure/percentile.ts'

const quantiles = { p50: 0.5, p95: 0.95, p99: 0.99 } as const

export function quantile(values: readonly number[], name: keyof typeof quantiles): number {
  return percentile(sorted(values), quantiles[name]) ?? Number.NaN
}

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = systemClock.monotonicSeconds()
  await work()
  return systemClock.monotonicSeconds() - start
}

/**
 * Runs two ways of doing the same by turns, so that whatever else the machine does meets both alike,
 * and prints how much faster the first is: the middle ratio of the pairs of runs, the least and the
 * greatest.
 */
export async function compare(
  name: string,
  repetitions: number,
  first: () => Promise<unknown>,
  second: () => Promise<unknown>,
  {
    amount,
    unit,
    budget,
  }: { readonly amount: number; readonly unit: string; readonly budget?: number },
): Promise<void> {
  await first()
  await second()
  const [firsts, seconds]: [number[], number[]] = [[], []]
  for (let run = 0; run < repetitions; run += 1) {
    // Which one begins changes: what the one leaves behind (heat, caches) must not favour the other.
    const order: readonly ['first' | 'second', 'first' | 'second'] =
      run % 2 === 0 ? ['first', 'second'] : ['second', 'first']
    for (const which of order) {
      if (which === 'first') firsts.push(await secondsOf(first))
      else seconds.push(await secondsOf(second))
    }
  }
  const ratios = firsts.map((value, at) => (seconds[at] ?? Number.NaN) / value)
  const rate = (values: readonly number[]) => (amount / quantile(values, 'p50')).toFixed(0)
  console.log(
    `${name.padEnd(64)} ${quantile(ratios, 'p50').toFixed(2)} × (${Math.min(...ratios).toFixed(2)} … ${Math.max(...ratios).toFixed(2)})` +
      `  ${rate(firsts)} against ${rate(seconds)} ${unit}` +
      (budget === undefined ? '' : `  budget ${String(budget)} ×`),
  )
}
