import type { Policy } from '../../../core/policy.ts'
import { formatLine, formatSpan, formatWindow } from '../../../core/units.ts'
import type { Load } from './load.ts'
import type { SimulationOptions } from './simulate.ts'
import type { Simulated } from './tally.ts'

/** What somebody who reads the figures must know, a sentence each. */
export function notesOf(
  load: Load,
  results: readonly Simulated[],
  options: SimulationOptions,
): readonly string[] {
  return [
    ...marginNote(options),
    ...results.flatMap((result) => [...averageValueNote(result), ...nullsNote(result, options)]),
    ...burstNote(results, options),
    ...ceilingNote(results, options),
    ...(load.saturated === true
      ? [
          'The recorded GPUs were full for part of the time: what was asked beyond that is not in the recording, so the replicas it would have taken may be more.',
        ]
      : []),
  ]
}

/** From one to two replicas the utilisation halves: onto the scale-in line, or beyond it. */
function marginNote({ policy, minReplicas, maxReplicas }: SimulationOptions): readonly string[] {
  if (minReplicas > 1 || maxReplicas < 2) return []
  const { scaleOut, scaleIn } = policy
  const half = scaleOut.utilizationRatio / 2
  const removes = removesAt(policy)
  return [
    `Between 1 and 2 replicas there is no margin: ${formatLine(scaleOut.utilizationRatio)} on one are ${formatLine(half)} on two, and the scale-in line is ${formatLine(scaleIn.utilizationRatio)}. ` +
      (removes < half
        ? `An HPA removes the second at ${formatLine(Number(removes.toFixed(6)))} and not before, so it holds; whatever adds and removes by the two lines alone would not.`
        : 'An HPA removes the second at once: keep 2 replicas at least, or lower the scale-in line.'),
  ]
}

/** The utilisation of two replicas at which ceil() leaves one, and the tolerance lets it. */
function removesAt({ scaleIn, target }: Policy): number {
  return Math.min(scaleIn.utilizationRatio, target.utilizationRatio / 2)
}

function averageValueNote({ form, directionChanges }: Simulated): readonly string[] {
  if (form !== 'average-value') return []
  const here = directionChanges === 0 ? '' : ` (${String(directionChanges)} direction changes here)`
  return [
    `AverageValue divides the mean utilisation by the replicas once more${here}. It is KEDA's default: set metricType: Value.`,
  ]
}

function nullsNote({ form }: Simulated, { outages }: SimulationOptions): readonly string[] {
  if (form !== 'nulls-as-zero' || outages.length > 0) return []
  return ['nulls-as-zero differs only while nothing is known: add an --outage.']
}

/** A window takes the lowest of its proposals: what is over before it ends was never there. */
function burstNote(
  results: readonly Simulated[],
  { policy: { scaleOut } }: SimulationOptions,
): readonly string[] {
  const blind = results.filter(
    ({ overloadSeconds, longestOverloadSeconds, changes }) =>
      overloadSeconds > 0 &&
      longestOverloadSeconds <= scaleOut.windowSeconds &&
      !changes.some(({ from, to }) => to > from),
  )
  if (blind.length === 0) return []
  const longest = Math.max(...blind.map(({ longestOverloadSeconds }) => longestOverloadSeconds))
  return [
    `${namesOf(blind)} saw none of the overloads, of which the longest took ${formatSpan(longest)}: a window of ${formatWindow(scaleOut.windowSeconds)} is blind to what is shorter. The alert on p95 sees it.`,
  ]
}

function ceilingNote(
  results: readonly Simulated[],
  { maxReplicas }: SimulationOptions,
): readonly string[] {
  const short = results.filter(({ overloadAtMaximumSeconds }) => overloadAtMaximumSeconds > 0)
  if (short.length === 0) return []
  const most = Math.max(...short.map(({ overloadAtMaximumSeconds }) => overloadAtMaximumSeconds))
  return [
    `Overloaded with all ${String(maxReplicas)} replicas, for ${formatSpan(most)} at most: ${namesOf(short)}. Nothing scales beyond --max-replicas.`,
  ]
}

const namesOf = (results: readonly Simulated[]): string =>
  results.map(({ form }) => form).join(', ')
