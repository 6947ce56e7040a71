import { unreachable } from '../../../core/assert.ts'
import type { HpaSpec, MetricSpec } from './spec.ts'

/** What one metric said at a sync. Undefined where it could not be read. */
export type Reading =
  | number
  | {
      /** The values of pods that are ready and gave one. */
      readonly values: readonly number[]
      /** Pods whose metric is missing. */
      readonly missing: number
      /** Pods that are not ready yet. */
      readonly unready: number
    }

export interface Fleet {
  readonly replicas: number
  readonly readyReplicas: number
}

/**
 * How many replicas all metrics together ask for: the largest proposal. Undefined where Kubernetes
 * leaves things as they are: no metric could be read, or one could not and the others would remove
 * replicas.
 */
export function proposalOf(
  spec: HpaSpec,
  fleet: Fleet,
  readings: readonly (Reading | undefined)[],
): number | undefined {
  const proposals = spec.metrics.map((metric, at) => {
    const reading = readings[at]
    return reading === undefined ? undefined : proposalOfMetric(spec, metric, fleet, reading)
  })
  const known = proposals.filter((proposal) => proposal !== undefined)
  if (known.length === 0) return undefined
  const most = Math.max(...known)
  return known.length < proposals.length && most < fleet.replicas ? undefined : most
}

/**
 * desired = ceil(replicas × value ÷ target), and the present replicas within the tolerance. The
 * formulas are those of the controller's replica calculator, one a kind of target: only `Value` and
 * `Pods` count the replicas that are ready.
 */
function proposalOfMetric(
  spec: HpaSpec,
  { type, target }: MetricSpec,
  fleet: Fleet,
  reading: Reading,
): number | undefined {
  const { replicas, readyReplicas } = fleet
  switch (type) {
    case 'Value': {
      const ratio = valueOf(reading) / target
      return tolerated(spec, ratio) ? replicas : ceil(ratio * readyReplicas)
    }
    case 'AverageValue': {
      const total = valueOf(reading) / target
      return tolerated(spec, total / replicas) ? replicas : ceil(total)
    }
    case 'Pods':
      return proposalOfPods(spec, target, fleet, reading)
    default:
      return unreachable(type)
  }
}

function valueOf(reading: Reading): number {
  return typeof reading === 'number'
    ? reading
    : reading.values.reduce((sum, value) => sum + value, 0)
}

/**
 * Missing pods count against the change: at the target where replicas would go, at 0 where some would
 * come. So do pods that are not ready, where some would come. What that turns round is left as it is.
 */
function proposalOfPods(
  spec: HpaSpec,
  target: number,
  { replicas, readyReplicas }: Fleet,
  reading: Reading,
): number | undefined {
  const { values, missing, unready } =
    typeof reading === 'number'
      ? { values: Array.from({ length: readyReplicas }, () => reading), missing: 0, unready: 0 }
      : reading
  if (values.length === 0) return undefined
  const ratio = mean(values) / target
  const damped = unready > 0 && ratio > 1
  if (!damped && missing === 0) {
    return tolerated(spec, ratio) ? replicas : ceil(ratio * values.length)
  }
  const assumed = [
    ...values,
    ...(ratio === 1 ? [] : repeated(ratio < 1 ? target : 0, missing)),
    ...repeated(0, damped ? unready : 0),
  ]
  const corrected = mean(assumed) / target
  const turned = (ratio < 1 && corrected > 1) || (ratio > 1 && corrected < 1)
  if (turned || tolerated(spec, corrected)) return replicas
  const proposal = ceil(corrected * assumed.length)
  const backwards = corrected < 1 ? proposal > replicas : proposal < replicas
  return backwards ? replicas : proposal
}

function tolerated({ scaleUp, scaleDown }: HpaSpec, ratio: number): boolean {
  return ratio >= 1 - scaleDown.toleranceRatio && ratio <= 1 + scaleUp.toleranceRatio
}

/**
 * Kubernetes compares milli-units: without rounding, 3 replicas × 70 ÷ 70 could come out a hair above
 * 3 here and as 4.
 */
function ceil(replicas: number): number {
  return Math.ceil(Number(replicas.toFixed(9)))
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}

const repeated = (value: number, times: number): readonly number[] =>
  Array.from({ length: times }, () => value)
