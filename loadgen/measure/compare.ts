import { pairsOf, type Observation } from '../../core/observation.ts'
import { Random } from '../dataset/random.ts'
import {
  blockLength,
  draws,
  drawBlocks,
  sortSamples,
  weightedMean,
  weightedPercentile,
  type Sorted,
  type Weights,
} from './bootstrap.ts'
import { entersLatency, inOrderOfTime, responseSecondsOf } from './latency.ts'
import { minimumSamples, percentile, quantileInterval } from './percentile.ts'
import type { Summary } from './run-file.ts'

/** What is compared: a run's summary and its requests. */
export interface Compared {
  readonly summary: Summary
  readonly observations: readonly Observation[]
}

export type ChangeVerdict = 'better' | 'worse' | 'no_difference' | 'not_known'

/** One figure of two runs. */
export interface Change {
  readonly figure: 'p50' | 'p95' | 'mean' | 'errors' | 'pairs_per_second'
  readonly base: number | null
  readonly other: number | null
  /** `other − base`, and between which bounds it lies with 95 % confidence; null: not known. */
  readonly difference: number | null
  readonly interval: readonly [number, number] | null
  readonly verdict: ChangeVerdict
}

export interface Comparison {
  /** Both ran the same requests: they are compared one by one, and their differences cancel. */
  readonly paired: boolean
  readonly samples: readonly [number, number]
  /** That of p95, unless one of the runs failed more; INVALID runs have none. */
  readonly verdict: ChangeVerdict
  readonly changes: readonly Change[]
  readonly notes: readonly string[]
}

interface Figure {
  readonly name: Change['figure']
  readonly of: (run: Drawn, weights: Weights) => number | undefined
  readonly samples: (run: Drawn) => number
  readonly minimumSamples: number
  readonly moreIsBetter: boolean
}

/** A run as the bootstrap draws from it. */
interface Drawn {
  readonly units: number
  /** Units that follow each other and tell as much of the slowest requests as one alone would. */
  readonly dependentUnits: number
  readonly spanSeconds: number
  readonly latencies: Sorted
  readonly failures: Sorted
  readonly pairs: Sorted
}

const latency = (name: 'p50' | 'p95', q: number): Figure => ({
  name,
  of: ({ latencies }, weights) => weightedPercentile(latencies, weights, q),
  samples: ({ latencies }) => latencies.values.length,
  minimumSamples: minimumSamples[name],
  moreIsBetter: false,
})

const figures: readonly Figure[] = [
  latency('p95', 0.95),
  latency('p50', 0.5),
  {
    name: 'mean',
    of: ({ latencies }, weights) => weightedMean(latencies, weights),
    samples: ({ latencies }) => latencies.values.length,
    minimumSamples: minimumSamples.p50,
    moreIsBetter: false,
  },
  {
    name: 'errors',
    of: ({ failures }, weights) => weightedMean(failures, weights),
    samples: ({ failures }) => failures.values.length,
    minimumSamples: minimumSamples.p50,
    moreIsBetter: false,
  },
  {
    name: 'pairs_per_second',
    of: ({ pairs, spanSeconds }, weights) => {
      const each = weightedMean(pairs, weights)
      return each === undefined ? undefined : (each * pairs.values.length) / spanSeconds
    },
    samples: ({ pairs }) => pairs.values.length,
    minimumSamples: minimumSamples.p50,
    moreIsBetter: true,
  },
]

/**
 * Compares `other` with `base` by a bootstrap over blocks of batches: seeded, so that the same runs
 * always get the same verdict. Runs of one plan are drawn together, batch for batch, so that what
 * both have in common (shapes, bursts) does not hide what differs.
 */
export function compareRuns(base: Compared, other: Compared, seed = 1): Comparison {
  const paired = isSamePlan(base, other)
  const unitsOf = (...runs: readonly Compared[]) =>
    new Map(
      [...new Set(runs.flatMap((run) => run.observations.map(({ batch }) => batch)))]
        .sort((one, two) => one - two)
        .map((batch, unit) => [batch, unit]),
    )
  const shared = paired ? unitsOf(base, other) : undefined
  const a = drawnOf(base, shared ?? unitsOf(base))
  const b = drawnOf(other, shared ?? unitsOf(other))
  const dependent = Math.max(a.dependentUnits, b.dependentUnits)
  const random = new Random(seed, 'compare')
  const drawn = Array.from({ length: a.units === 0 || b.units === 0 ? 0 : draws }, () => {
    const first = drawBlocks(a.units, blockLength(a.units, dependent), random)
    if (paired) return [first, first] as const
    return [first, drawBlocks(b.units, blockLength(b.units, dependent), random)] as const
  })
  const changes = figures.map((figure) => changeOf(figure, a, b, drawn))
  const invalid = [base, other].some(({ summary }) => !summary.validity.valid)
  const of = (name: Change['figure']) => changes.find(({ figure }) => figure === name)?.verdict
  const errors = of('errors') ?? 'not_known'
  return {
    paired,
    samples: [a.latencies.values.length, b.latencies.values.length],
    // Faster answers of a server that refuses more are no improvement.
    verdict: invalid ? 'not_known' : errors === 'worse' ? errors : (of('p95') ?? 'not_known'),
    changes,
    notes: notesOf(base, other, paired, changes),
  }
}

function isSamePlan(base: Compared, other: Compared): boolean {
  const key = ({ summary: { profile, dataset } }: Compared) =>
    JSON.stringify([profile, dataset.name, dataset.queries])
  if (key(base) !== key(other)) return false
  const items = new Map(base.observations.map((one) => [one.index, one]))
  return other.observations.every(({ index, batch, documents, intendedSeconds }) => {
    const twin = items.get(index)
    return (
      twin === undefined ||
      (twin.batch === batch &&
        twin.documents === documents &&
        Math.abs(twin.intendedSeconds - intendedSeconds) < sameInstantSeconds)
    )
  })
}
/** Runs that alternated are put one after the other, and the last answers differ a little. */
const sameInstantSeconds = 1e-3

/** `units` numbers the batches, without gaps. */
function drawnOf({ observations, summary }: Compared, units: ReadonlyMap<number, number>): Drawn {
  const sampled = (values: readonly Observation[], of: (one: Observation) => number) =>
    sortSamples(values.map((one) => ({ unit: units.get(one.batch) ?? 0, value: of(one) })))
  const { samples = 1 } =
    quantileInterval(
      inOrderOfTime(observations.filter(entersLatency)).map(responseSecondsOf),
      0.95,
    ) ?? {}
  return {
    units: units.size,
    dependentUnits: units.size / samples,
    spanSeconds: summary.throughput.spanSeconds,
    latencies: sampled(observations.filter(entersLatency), responseSecondsOf),
    failures: sampled(observations, ({ outcome }) => (outcome === 'ok' ? 0 : 1)),
    pairs: sampled(observations, (one) => (one.outcome === 'ok' ? pairsOf(one) : 0)),
  }
}

function changeOf(
  figure: Figure,
  a: Drawn,
  b: Drawn,
  drawn: readonly (readonly [Weights, Weights])[],
): Change {
  const whole = ({ units }: Drawn) => new Uint32Array(units).fill(1)
  const base = figure.of(a, whole(a)) ?? null
  const other = figure.of(b, whole(b)) ?? null
  const shared = { figure: figure.name, base, other }
  const enough = Math.min(figure.samples(a), figure.samples(b)) >= figure.minimumSamples
  if (base === null || other === null || !enough) {
    const difference = base === null || other === null ? null : other - base
    return { ...shared, difference, interval: null, verdict: 'not_known' }
  }
  const differences = drawn.flatMap(([first, second]) => {
    const [one, two] = [figure.of(a, first), figure.of(b, second)]
    return one === undefined || two === undefined ? [] : [two - one]
  })
  const sorted = Float64Array.from(differences).sort()
  const interval = [percentile(sorted, 0.025) ?? 0, percentile(sorted, 0.975) ?? 0] as const
  return { ...shared, difference: other - base, interval, verdict: verdictOf(figure, interval) }
}

function verdictOf(
  { moreIsBetter }: Figure,
  [lower, upper]: readonly [number, number],
): ChangeVerdict {
  if (lower <= 0 && upper >= 0) return 'no_difference'
  return lower > 0 === moreIsBetter ? 'better' : 'worse'
}

function notesOf(
  base: Compared,
  other: Compared,
  paired: boolean,
  changes: readonly Change[],
): readonly string[] {
  const invalid = [base, other].filter(({ summary }) => !summary.validity.valid)
  const short = changes.filter(
    ({ verdict, base: value }) => verdict === 'not_known' && value !== null,
  )
  return [
    ...(invalid.length > 0
      ? ['a run is INVALID: the generator did not offer what was asked for, so there is no verdict']
      : []),
    ...(base.summary.mode === 'saturate' || other.summary.mode === 'saturate'
      ? [
          'a run is saturated: its latencies are service times, which no schedule’s can be held against',
        ]
      : []),
    paired
      ? 'both runs sent the same requests at the same times, and are compared request by request'
      : 'the runs sent different requests: what differs may be the load',
    ...(short.length > 0
      ? [
          `too few samples for ${short.map(({ figure }) => (figure === 'pairs_per_second' ? 'pairs/s' : figure)).join(', ')}: p95 takes ${String(minimumSamples.p95)}, the others ${String(minimumSamples.p50)}`,
        ]
      : []),
  ]
}
