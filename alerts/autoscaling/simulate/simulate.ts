import type { Policy } from '../../../core/policy.ts'
import { queueTarget } from '../behavior.ts'
import type { HpaSpec } from '../hpa/spec.ts'
import { initialState, stepHpa } from '../hpa/step.ts'
import { ReplicaFleet } from './fleet.ts'
import type { Form } from './forms.ts'
import type { Load } from './load.ts'
import { Random } from './noise.ts'
import { Signal } from './signal.ts'
import { Tally, type Simulated } from './tally.ts'

export interface SimulationOptions {
  readonly policy: Policy
  readonly seconds: number
  /** How finely the replicas are followed; a divisor of `syncSeconds`. */
  readonly stepSeconds: number
  /** How often the controller looks. */
  readonly syncSeconds: number
  readonly minReplicas: number
  readonly maxReplicas: number
  /** At the beginning, all of them ready. */
  readonly replicas: number
  readonly gpusPerReplica: number
  readonly startSeconds: number
  readonly signalSeconds: number
  readonly delaySeconds: number
  /** Relative standard deviation of the load from one sync to the next. */
  readonly noise: number
  readonly seed: number
  /** Nobody watches in these spans. */
  readonly outages: readonly { readonly fromSeconds: number; readonly toSeconds: number }[]
  /** Whether queue per compute is the second metric. */
  readonly queue: boolean
}

/** What a queue is measured against, and how long a client waits: as a reranker behind a RAG pipeline. */
const batchSeconds = 0.1
const maximumWaitSeconds = 10

/** What the HPA of `form` would have done with `load`. Pure: same options, same result. */
export function simulate(form: Form, load: Load, options: SimulationOptions): Simulated {
  const { policy, seconds, stepSeconds, syncSeconds, noise } = options
  const spec = specOf(form, options)
  const fleet = new ReplicaFleet({ ...options, maximumWaitSeconds })
  const signal = new Signal(
    {
      windowSeconds: options.signalSeconds,
      delaySeconds: options.delaySeconds,
      minimumCoverageRatio: policy.minimumCoverageRatio,
      batchSeconds,
    },
    stepSeconds,
  )
  const tally = new Tally(form.name, options)
  // Every form meets the same noise.
  const random = new Random(options.seed)
  let state = initialState
  let demand = 0
  let factor = 1
  const steps = Math.floor(seconds / stepSeconds)
  const stepsPerSync = Math.round(syncSeconds / stepSeconds)
  for (let step = 0; step < steps; step += 1) {
    const atSeconds = step * stepSeconds
    if (step % stepsPerSync === 0) {
      if (noise > 0) factor = Math.max(0, 1 + noise * random.normal())
      const { replicas } = fleet
      const seen = {
        figures: signal.read(),
        replicas,
        readyReplicas: fleet.readyAt(atSeconds),
      }
      const readings = form.reads(seen, policy).slice(0, spec.metrics.length)
      const next = stepHpa(spec, state, { ...seen, atSeconds, readings })
      state = next.state
      if (next.replicas !== replicas) {
        fleet.scaleTo(next.replicas, atSeconds)
        tally.change({ atSeconds, from: replicas, to: next.replicas })
      }
    }
    const known = load.at(atSeconds)
    // Where nobody knows, the load goes on as it was, unseen.
    demand = known === undefined ? demand : known * factor
    const slice = fleet.advance(atSeconds, stepSeconds, demand)
    signal.add(slice, known !== undefined && !isOut(options, atSeconds))
    tally.slice(atSeconds, slice, fleet.replicas)
  }
  return tally.result()
}

function specOf(form: Form, options: SimulationOptions): HpaSpec {
  const { policy, minReplicas, maxReplicas, queue } = options
  const utilization = { type: form.type, target: policy.target.utilizationRatio }
  const waiting = {
    type: form.type === 'AverageValue' ? form.type : ('Value' as const),
    target: queueTarget,
  }
  return {
    minReplicas,
    maxReplicas,
    metrics: queue ? [utilization, waiting] : [utilization],
    ...form.behavior(policy),
  }
}

function isOut({ outages }: SimulationOptions, atSeconds: number): boolean {
  return outages.some(
    ({ fromSeconds, toSeconds }) => atSeconds >= fromSeconds && atSeconds < toSeconds,
  )
}
