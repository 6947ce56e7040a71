import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { usageError } from '../core/errors.ts'
import type { Observation } from '../core/observation.ts'
import { CapacitySearch, type Capacity, type SearchLimits, type Tried } from './measure/capacity.ts'
import type { SloThreshold } from './measure/slo.ts'
import { judgeSlo } from './measure/slo.ts'
import { keptSoFar, stepVerdict, type Look } from './measure/step.ts'
import type { Profile } from './plan/profile.ts'
import { prepareFolder, writingTo, type Run } from './report/folder.ts'
import type { RunOptions } from './options.ts'
import { runLoad, type RunContext } from './run.ts'

/** Looking every second gives chance more chances: a look before the end must be surer than the end. */
const lookConfidence = 0.99
/** A queue takes a while to show: no rate is found good before so much of its step has passed. */
const leastShareOfStep = 0.5

export interface CapacityOptions extends Pick<
  RunOptions,
  'target' | 'seed' | 'dataset' | 'dialect' | 'engine' | 'sidecar' | 'out' | 'force'
> {
  /** Its rate is replaced; see `steadyRateOf`. */
  readonly profile: Profile
  /** At least one. */
  readonly slo: readonly SloThreshold[]
  /** Length of a step that is not decided earlier. */
  readonly stepSeconds: number
  readonly limits: SearchLimits
}

/**
 * The rate of a profile whose arrivals keep one, in queries a second; undefined for ramps, bursts and
 * recordings, of which no single rate could be the capacity.
 */
export function steadyRateOf({ arrivals }: Profile): number | undefined {
  switch (arrivals.kind) {
    case 'constant':
    case 'poisson':
    case 'gamma':
      return arrivals.queriesPerSecond
    case 'ramp':
    case 'steps':
    case 'burst':
    case 'trace':
      return undefined
  }
}

function atRate(profile: Profile, queriesPerSecond: number): Profile {
  const { arrivals } = profile
  switch (arrivals.kind) {
    case 'constant':
    case 'poisson':
    case 'gamma':
      return { ...profile, arrivals: { ...arrivals, queriesPerSecond } }
    case 'ramp':
    case 'steps':
    case 'burst':
    case 'trace':
      throw usageError(
        `The profile ${profile.name} has no steady rate that could be searched for; choose one with constant, poisson or gamma arrivals.`,
      )
  }
}

/** One rate as it was tried. */
export interface CapacityStep extends Tried {
  readonly number: number
  readonly pairsPerSecond: number
  readonly samples: number
  readonly p95Seconds: number | null
  readonly failed: number
  /** Seconds of the schedule that were run: less than a step when it was decided early. */
  readonly seconds: number
  /** What the generator itself did wrong; empty when nothing. */
  readonly invalid: readonly string[]
}

/** `capacity.json`, schema `rerankscope.capacity/1`. */
export interface CapacityResult extends Capacity {
  readonly schema: 'rerankscope.capacity/1'
  readonly profile: string
  readonly slo: readonly SloThreshold[]
  /** Pairs of a query, on average. */
  readonly pairsPerQuery: number | null
  readonly pairsPerSecond: number | null
  /** False when the generator, not the target, may have decided one of the steps that bound the answer. */
  readonly valid: boolean
  readonly steps: readonly CapacityStep[]
}

/**
 * The highest rate at which the target keeps the thresholds. Each step is a short run with a folder
 * of its own under `out` (`step-1`, …) that ends as soon as it is decided. `load` offers one rate.
 *
 * @throws UserError as `runLoad`.
 */
export async function findCapacity(
  options: CapacityOptions,
  context: RunContext & { readonly onStep: (step: CapacityStep) => void },
  load: typeof runLoad = runLoad,
): Promise<CapacityResult> {
  await prepareFolder(options.out, options.force ?? false)
  const search = new CapacitySearch(options.limits)
  const steps: CapacityStep[] = []
  let [queries, pairs] = [0, 0]
  for (let rate = search.next(); rate !== undefined; rate = search.next()) {
    const number = steps.length + 1
    const { run, step } = await tryRate(rate, number, { options, context, load })
    // What a person interrupted says nothing about the rate.
    if (context.signal.aborted) break
    queries += run.summary.totals.requests
    pairs += run.summary.totals.pairsOffered
    steps.push(step)
    search.record(step)
    context.onStep(step)
  }
  const capacity = search.capacity()
  const pairsPerQuery = queries === 0 ? null : pairs / queries
  const deciding = [capacity.queriesPerSecond, ...capacity.interval]
  const result: CapacityResult = {
    schema: 'rerankscope.capacity/1',
    profile: options.profile.name,
    slo: options.slo,
    ...capacity,
    pairsPerQuery,
    pairsPerSecond:
      capacity.queriesPerSecond === null || pairsPerQuery === null
        ? null
        : capacity.queriesPerSecond * pairsPerQuery,
    valid:
      !context.signal.aborted &&
      steps.every(
        ({ invalid, queriesPerSecond }) =>
          invalid.length === 0 || !deciding.includes(queriesPerSecond),
      ),
    steps,
  }
  const text = `${JSON.stringify(result, null, 2)}\n`
  await writingTo(options.out, writeFile(join(options.out, 'capacity.json'), text))
  return result
}

async function tryRate(
  rate: number,
  number: number,
  {
    options,
    context,
    load,
  }: {
    readonly options: CapacityOptions
    readonly context: RunContext
    readonly load: typeof runLoad
  },
): Promise<{ readonly run: Run; readonly step: CapacityStep }> {
  const { slo, stepSeconds } = options
  const decided = new AbortController()
  const observations: Observation[] = []
  const looks: Look[] = []
  let elapsedSeconds = 0
  const run = await load(
    {
      ...options,
      seconds: stepSeconds,
      profile: atRate(options.profile, rate),
      // Other texts each time: a cache must not make the later steps faster.
      seed: (options.seed ?? 1) + number,
      out: join(options.out, `step-${String(number)}`),
    },
    {
      ...context,
      signal: AbortSignal.any([context.signal, decided.signal]),
      onObservation: (observation) => observations.push(observation),
      onProgress: (progress) => {
        elapsedSeconds = progress.elapsedSeconds
        looks.push({ atSeconds: elapsedSeconds, sent: progress.sent })
        const early = elapsedSeconds < leastShareOfStep * stepSeconds
        // The slow ones that are still on their way make a miss no better.
        const missed = stepVerdict(observations, slo, lookConfidence) === 'missed'
        const now = { looks, nowSeconds: elapsedSeconds, confidence: lookConfidence }
        if (missed || (!early && keptSoFar(observations, slo, now))) decided.abort()
      },
    },
  )
  const { summary } = run
  const { latencySeconds, totals, validity } = summary
  const verdict = stepVerdict(run.observations, slo)
  const met = judgeSlo(slo, summary).every((one) => one.met)
  return {
    run,
    step: {
      number,
      queriesPerSecond: rate,
      kept: verdict === 'undecided' ? met : verdict === 'kept',
      sure: verdict !== 'undecided',
      pairsPerSecond: summary.throughput.pairsPerSecond,
      samples: latencySeconds.samples,
      p95Seconds: latencySeconds.response.p95,
      failed: totals.failed,
      seconds: decided.signal.aborted ? elapsedSeconds : stepSeconds,
      // That we ended it ourselves is no fault of the generator's.
      invalid: validity.reasons.filter((reason) => !reason.startsWith('the run was interrupted')),
    },
  }
}
