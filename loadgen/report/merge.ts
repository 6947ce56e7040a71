import { usageError } from '../../core/errors.ts'
import { formatDuration } from '../../core/units.ts'
import type { Observation } from '../../core/observation.ts'
import { summarize } from '../measure/summarize.ts'
import type { Run } from './folder.ts'

/**
 * Parts of one plan that several generators sent at the same time, as one run. Each part counts from
 * its own start, so they must have begun together; how far apart they did is a note.
 *
 * @throws UserError (usage) when the runs are not of one plan, or one request is in two of them.
 */
export function mergeParts(runs: readonly [Run, ...Run[]]): Run {
  const [first, ...others] = runs
  const closed = runs.find(({ summary }) => summary.mode === 'saturate')
  if (closed !== undefined) {
    throw usageError(
      `${closed.folder} is a saturated run: it has no schedule that others could have sent parts of.`,
    )
  }
  const other = others.find((run) => planOf(run) !== planOf(first))
  if (other !== undefined) {
    throw usageError(
      `${other.folder} and ${first.folder} are not parts of one plan: profile, seed, data set or target differ.`,
    )
  }
  const observations = runs.flatMap((run) => run.observations).sort((a, b) => a.index - b.index)
  const twice = observations.find(({ index }, at) => observations[at + 1]?.index === index)
  if (twice !== undefined) {
    throw usageError(
      `Request ${String(twice.index)} of the plan is in two of the folders: name each part once.`,
    )
  }
  const seen = runs.find(({ telemetry }) => telemetry.length > 0) ?? first
  const starts = runs.map(({ summary }) => Date.parse(summary.startedAt))
  const apart = (Math.max(...starts) - Math.min(...starts)) / 1000
  const merged = combined(runs, observations, seen)
  const note = `${String(runs.length)} parts were merged; they began within ${formatDuration(apart)}`
  return { ...merged, summary: { ...merged.summary, notes: [...merged.summary.notes, note] } }
}

/** What two parts of one plan have in common. */
function planOf({ summary: { profile, dataset, target } }: Run): string {
  return JSON.stringify([profile, dataset.name, dataset.queries, target.url, target.dialect])
}

/**
 * Runs of one profile that followed each other, as one: each begins when the schedule of the one
 * before ends. GPU figures are left out: what was between the runs would be in them.
 */
export function joinSegments(runs: readonly [Run, ...Run[]]): Run {
  const observations: Observation[] = []
  let [requests, batches, seconds] = [0, 0, 0]
  for (const { observations: own, summary } of runs) {
    for (const one of own) {
      observations.push({
        ...one,
        index: one.index + requests,
        batch: one.batch + batches,
        intendedSeconds: one.intendedSeconds + seconds,
        sentSeconds: one.sentSeconds + seconds,
        doneSeconds: one.doneSeconds + seconds,
        ...(one.firstByteSeconds !== undefined && {
          firstByteSeconds: one.firstByteSeconds + seconds,
        }),
      })
    }
    requests += summary.totals.planned
    batches += summary.totals.planned
    seconds += summary.profile.seconds
  }
  const [first, ...others] = runs
  const profile = { ...first.summary.profile, seconds }
  const summary = { ...first.summary, profile, sidecar: null }
  const blind = { ...first, telemetry: [], summary }
  return combined([blind, ...others], observations, blind)
}

/** One summary over all: what the generators sent is added up, what they saw of GPUs is `seen`'s. */
function combined(
  runs: readonly [Run, ...Run[]],
  observations: readonly Observation[],
  seen: Run,
): Run {
  const [{ folder, summary }] = runs
  const sum = (of: (run: Run) => number) => runs.reduce((total, run) => total + of(run), 0)
  const ends = runs.map((run) => run.summary.endedAt).sort()
  const starts = runs.map((run) => run.summary.startedAt).sort()
  const { telemetry } = seen
  const facts = {
    ...summary,
    startedAt: starts[0] ?? summary.startedAt,
    endedAt: ends.at(-1) ?? summary.endedAt,
    sidecar: seen.summary.sidecar,
    engine: {
      ...summary.engine,
      maximumInFlight: sum((run) => run.summary.engine.maximumInFlight),
      delayedByLimit: sum((run) => run.summary.engine.delayedByLimit),
      warmUp: {
        requests: sum((run) => run.summary.engine.warmUp.requests),
        succeeded: sum((run) => run.summary.engine.warmUp.succeeded),
      },
    },
    totals: {
      planned: sum((run) => run.summary.totals.planned),
      unsent: sum((run) => run.summary.totals.unsent),
      unfinished: sum((run) => run.summary.totals.unfinished),
    },
  }
  return { folder, observations, telemetry, summary: summarize(facts, observations, telemetry) }
}
