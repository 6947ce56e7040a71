import type { Slice } from './fleet.ts'
import type { SimulationOptions } from './simulate.ts'

export interface ReplicaChange {
  readonly atSeconds: number
  readonly from: number
  readonly to: number
}

/** One point of the chart. */
export interface Sample {
  readonly atSeconds: number
  readonly demand: number
  readonly replicas: number
  readonly ready: number
  readonly utilizationRatio: number
}

export interface Simulated {
  readonly form: string
  readonly changes: readonly ReplicaChange[]
  /** Changes that go against the one before: out after in, in after out. */
  readonly directionChanges: number
  /** Time in which more was asked than all ready replicas can do. */
  readonly overloadSeconds: number
  readonly longestOverloadSeconds: number
  /** Of it, with the most replicas that are allowed. */
  readonly overloadAtMaximumSeconds: number
  /** Replicas that start hold their GPU too. */
  readonly gpuHours: number
  readonly replicas: { readonly mean: number; readonly min: number; readonly max: number }
  /** Thinned to a few hundred points, the last of each stretch. */
  readonly samples: readonly Sample[]
}

const maximumSamples = 960
/** Binary fractions make 85 % of one and 15 % of one a hair more than one. */
const roundOff = 1e-9

/** Adds a simulation up while it goes. */
export class Tally {
  readonly #form: string
  readonly #options: SimulationOptions
  readonly #changes: ReplicaChange[] = []
  readonly #samples: Sample[] = []
  readonly #sampleSeconds: number
  #overloadSeconds = 0
  #spellSeconds = 0
  #longestSeconds = 0
  #atMaximumSeconds = 0
  #replicaSeconds = 0
  #fewest = Infinity
  #most = 0

  constructor(form: string, options: SimulationOptions) {
    this.#form = form
    this.#options = options
    const { seconds, stepSeconds } = options
    this.#sampleSeconds =
      stepSeconds * Math.max(1, Math.ceil(seconds / stepSeconds / maximumSamples))
  }

  change(change: ReplicaChange): void {
    this.#changes.push(change)
  }

  slice(atSeconds: number, slice: Slice, replicas: number): void {
    const { stepSeconds, maxReplicas } = this.#options
    const { demand, ready, busySeconds, observedSeconds } = slice
    this.#replicaSeconds += replicas * stepSeconds
    this.#fewest = Math.min(this.#fewest, replicas)
    this.#most = Math.max(this.#most, replicas)
    if (demand > ready + roundOff) {
      this.#overloadSeconds += stepSeconds
      this.#spellSeconds += stepSeconds
      this.#longestSeconds = Math.max(this.#longestSeconds, this.#spellSeconds)
      if (replicas === maxReplicas) this.#atMaximumSeconds += stepSeconds
    } else this.#spellSeconds = 0
    if (atSeconds % this.#sampleSeconds === 0) {
      const utilizationRatio = observedSeconds === 0 ? 0 : busySeconds / observedSeconds
      this.#samples.push({ atSeconds, demand, replicas, ready, utilizationRatio })
    }
  }

  result(): Simulated {
    const directions = this.#changes.map(({ from, to }) => Math.sign(to - from))
    const seconds = this.#options.seconds
    return {
      form: this.#form,
      changes: this.#changes,
      directionChanges: directions.filter((way, at) => at > 0 && way !== directions[at - 1]).length,
      overloadSeconds: this.#overloadSeconds,
      longestOverloadSeconds: this.#longestSeconds,
      overloadAtMaximumSeconds: this.#atMaximumSeconds,
      gpuHours: (this.#replicaSeconds * this.#options.gpusPerReplica) / 3600,
      replicas: { mean: this.#replicaSeconds / seconds, min: this.#fewest, max: this.#most },
      samples: this.#samples,
    }
  }
}
