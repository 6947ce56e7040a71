import { exitCodes, usageError, UserError } from '../core/errors.ts'
import { pairsOf, type Observation } from '../core/observation.ts'
import type { Engine } from './engines/index.ts'
import { repeatShareOver, requireSaturatedSlo, type SaturationFacts } from './measure/saturation.ts'
import type { RunFacts } from './measure/summarize.ts'
import { defaults, type RunOptions } from './options.ts'
import type { Plan } from './plan/plan.ts'

/**
 * Requests to keep on their way; undefined for a run by schedule.
 *
 * @throws UserError (usage) for options that mean nothing in the mode that was asked for.
 */
export function concurrencyOf(options: RunOptions): number | undefined {
  const { mode = defaults.mode, concurrency } = options
  if (mode === 'open') {
    if (concurrency === undefined) return undefined
    throw usageError(
      '--concurrency belongs to --mode saturate: by schedule, requests never wait for one another.',
    )
  }
  const { rateScale = 1, timeScale = 1, count = defaults.count } = options
  if (rateScale !== 1 || timeScale !== 1 || count !== defaults.count) {
    throw usageError(
      '--mode saturate has no rate of its own: leave out --rate-scale, --time-scale and --count.',
    )
  }
  requireSaturatedSlo(options.slo ?? [])
  return concurrency ?? defaults.concurrency
}

/** @throws UserError (usage) when the engine cannot keep so many requests on their way. */
export function requireSaturation(engine: Engine, concurrency: number): void {
  if (engine.saturate === undefined) {
    throw usageError(
      `The engine ${engine.name} only sends by schedule; --mode saturate takes --engine ${defaults.engine}.`,
    )
  }
  const { maximumInFlight } = engine
  if (Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= maximumInFlight) return
  throw usageError(
    `--concurrency must be a whole number of requests from 1 to ${String(maximumInFlight)}.`,
  )
}

/** A run that was stopped so early measured nothing, and in it the target set no rate. */
export function nothingEnded(): UserError {
  return new UserError(exitCodes.invalidRun, 'Interrupted before a request ended; there is no run.')
}

/** What `run.json` says of the plan; of a saturated one, as far as it was sent. */
export function planFacts(
  plan: Plan,
  observations: readonly Observation[],
  saturation: SaturationFacts | undefined,
): Pick<RunFacts, 'profile' | 'dataset'> {
  const { profile, documentCounts, scheduledSeconds, seed, dataset } = plan
  const { name, queriesPerBatch, arrivals } = profile
  const described = {
    ...{ name, queriesPerBatch, seed },
    documentsPerQuery: [documentCounts[0] ?? 1, documentCounts.at(-1) ?? 1] as [number, number],
    documentCounts: [...documentCounts],
    seconds: scheduledSeconds,
  }
  if (saturation === undefined) {
    const { queriesPerSecond } = plan
    return { profile: { ...described, queriesPerSecond, arrivals: arrivals.kind }, dataset }
  }
  const queries = observations.reduce((sum, one) => sum + (one.queries ?? 1), 0)
  const offered = observations.reduce((sum, one) => sum + pairsOf(one), 0)
  const pooled = plan.items.reduce(
    (sum, { documents, queries = 1 }) => sum + documents * queries,
    0,
  )
  const queriesPerSecond = queries / Math.max(saturation.lastedSeconds, scheduledSeconds / 1000)
  return {
    profile: { ...described, queriesPerSecond, arrivals: 'closed' },
    dataset: { ...dataset, repeatShare: repeatShareOver(dataset.repeatShare, pooled, offered) },
  }
}
