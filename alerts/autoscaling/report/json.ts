import type { Load } from '../simulate/load.ts'
import type { SimulationOptions } from '../simulate/simulate.ts'
import type { Simulated } from '../simulate/tally.ts'

/** One load under several forms. */
export interface Comparison {
  readonly load: Load
  readonly options: SimulationOptions
  readonly results: readonly Simulated[]
  /** What a reader must know. */
  readonly notes: readonly string[]
}

/** For programs: everything, the samples of the chart too. */
export function renderJson({ load, options, results, notes }: Comparison): string {
  const { policy, ...simulated } = options
  const lines = { scaleIn: policy.scaleIn, target: policy.target, scaleOut: policy.scaleOut }
  return `${JSON.stringify({ load: load.name, options: { ...simulated, policy: lines }, notes, forms: results }, null, 2)}\n`
}
