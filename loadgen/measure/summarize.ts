import { guideRun, type Guidance } from '../../core/guidance.ts'
import { pairsOf, type Observation } from '../../core/observation.ts'
import { policy } from '../../core/policy.ts'
import { bytesPerGb, formatCount, formatDuration, formatRatio } from '../../core/units.ts'
import { byShapeOf, latencyOf } from './latency.ts'
import type { Summary } from './run-file.ts'
import {
  saturationNotes,
  saturationOf,
  saturationValidity,
  type SaturationFacts,
} from './saturation.ts'
import { seriesOf } from './series.ts'
import { byShapeAndLengthOf } from './shapes.ts'
import { judgeSlo, type SloThreshold } from './slo.ts'
import { steadyOf, steadyWindowOf, type Window } from './steady.ts'
import { gpuFiguresOf, type GpuFigures, type TelemetrySample } from './telemetry.ts'
import { succeededPairs, throughputOf } from './throughput.ts'
import { validityOf } from './validity.ts'

/** What a run was, apart from what was measured. */
export type RunFacts = Pick<
  Summary,
  'startedAt' | 'endedAt' | 'target' | 'profile' | 'engine' | 'dataset' | 'sidecar'
> & {
  readonly totals: Pick<Summary['totals'], 'planned' | 'unsent' | 'unfinished'>
  readonly slo: readonly SloThreshold[]
  /** Absent: the requests had a schedule. */
  readonly saturation?: SaturationFacts | undefined
  readonly scores?: Summary['scores']
}

/** Below this share of the run, what the sidecar saw says little about it. */
const minimumCoverageRatio = 0.5

/** The figures of a run, from what was observed. Pure: a run folder gives the same figures again. */
export function summarize(
  facts: RunFacts,
  observations: readonly Observation[],
  telemetry: readonly TelemetrySample[],
): Summary {
  const scheduled = facts.saturation === undefined
  const saturation = facts.saturation && saturationOf(facts.saturation, observations)
  const periodSeconds = scheduled
    ? facts.profile.queriesPerBatch / facts.profile.queriesPerSecond
    : 0
  const throughput = throughputOf(observations, periodSeconds)
  const { latencySeconds, notes } = latencyOf(observations, scheduled)
  const window = steadyWindowOf(observations, {
    seconds: saturation?.lastedSeconds ?? facts.profile.seconds,
    periodSeconds,
    unsent: facts.totals.unsent,
  })
  const steady = steadyOf(observations, window)
  const seen = gpuFiguresOf(telemetry, window)
  const gpuNotes = gpuNotesOf(facts, seen, window)
  const gpu = gpuNotes.usable ? seen : gpuFiguresOf([], window)
  const totals = totalsOf(observations, facts)
  return {
    schema: 'rerankscope.run/1',
    mode: scheduled ? 'open' : 'saturate',
    startedAt: facts.startedAt,
    endedAt: facts.endedAt,
    target: facts.target,
    profile: facts.profile,
    engine: facts.engine,
    dataset: facts.dataset,
    validity: validityFor(facts, observations, periodSeconds),
    totals,
    throughput,
    steady,
    ...(saturation !== undefined && { saturation }),
    latencySeconds,
    byShape: byShapeOf(observations, scheduled),
    byShapeAndLength: scheduled ? byShapeAndLengthOf(observations) : null,
    sidecar: facts.sidecar,
    gpu: gpu.gpu,
    efficiency: {
      pairsPerSecondPerGb: gpu.memoryUsedBytes
        ? throughput.pairsPerSecond / (gpu.memoryUsedBytes / bytesPerGb)
        : null,
      pairsPerJoule: gpu.energyJoules ? steady.pairs / gpu.energyJoules : null,
    },
    guidance: guidanceOf(facts, gpu, gpuNotes.notes, latencySeconds.response.p95, throughput),
    slo: judgeSlo(facts.slo, { latencySeconds, totals, throughput, profile: facts.profile }),
    ...(facts.scores !== undefined && { scores: facts.scores }),
    notes: [
      ...(saturation === undefined ? [] : saturationNotes(saturation, facts.dataset.repeatShare)),
      ...notes,
      ...gpuNotes.notes,
      ...scoreNotesOf(facts),
      ...tokenNotesOf(facts.dataset),
    ],
    series: seriesOf(observations, throughput.spanSeconds),
  }
}

function validityFor(
  { saturation, profile, totals, engine }: RunFacts,
  observations: readonly Observation[],
  periodSeconds: number,
): Summary['validity'] {
  if (saturation !== undefined) {
    return saturationValidity(observations, saturation, profile, totals.unfinished)
  }
  return validityOf(
    observations,
    {
      requestedRate: profile.queriesPerSecond,
      periodSeconds,
      plannedRequests: totals.planned,
    },
    { ...totals, ...engine },
  )
}

function scoreNotesOf({ scores }: RunFacts): readonly string[] {
  if (scores === undefined || scores.wrongPairs === 0) return []
  return [
    `${formatCount(scores.wrongPairs)} of ${formatCount(scores.comparedPairs)} scores are not those expected: they differ by up to ${formatCount(scores.maximumDifference ?? 0)}, allowed are ${String(scores.tolerance)}`,
  ]
}

/** How long the pairs were to the model, and what of them it never saw. */
function tokenNotesOf({ lengths }: RunFacts['dataset']): readonly string[] {
  if (lengths?.tokensMissing !== undefined)
    return [`no lengths in tokens: ${lengths.tokensMissing}`]
  const { tokens } = lengths ?? {}
  if (tokens === null || tokens === undefined) return []
  const { pairTokens, limit, truncatedShare, tokenizer, foundFor, countedRequests } = tokens
  const cut =
    limit === null || truncatedShare === null
      ? ''
      : `; the target cuts at ${formatCount(limit)}, which shortens ${formatRatio(truncatedShare)} of them`
  const found = foundFor === undefined ? '' : ', found on this machine for the target’s model'
  const part =
    countedRequests === undefined
      ? ''
      : `, in ${formatCount(countedRequests)} requests evenly over the plan (a tokenizer named with --tokenizer counts all)`
  return [
    `pairs have ${formatCount(pairTokens.mean)} tokens on the mean and ${formatCount(pairTokens.p95)} at p95${cut}; counted by ${tokenizer}${found}${part}`,
  ]
}

function totalsOf(observations: readonly Observation[], facts: RunFacts): Summary['totals'] {
  const byOutcome: Summary['totals']['byOutcome'] = {}
  for (const { outcome } of observations) byOutcome[outcome] = (byOutcome[outcome] ?? 0) + 1
  const succeeded = byOutcome.ok ?? 0
  return {
    planned: facts.totals.planned,
    requests: observations.length,
    succeeded,
    failed: observations.length - succeeded,
    byOutcome,
    pairs: succeededPairs(observations),
    pairsOffered: observations.reduce((sum, one) => sum + pairsOf(one), 0),
    unsent: facts.totals.unsent,
    unfinished: facts.totals.unfinished,
  }
}

function gpuNotesOf(
  { sidecar }: RunFacts,
  seen: GpuFigures,
  { startSeconds, endSeconds }: Window,
): { readonly usable: boolean; readonly notes: readonly string[] } {
  if (sidecar === null) {
    return { usable: false, notes: ['no GPU figures: no sidecar was named (--sidecar URL)'] }
  }
  const { failures, reason } = sidecar
  const unanswered =
    failures === 0 ? [] : [`the sidecar did not answer ${formatCount(failures)} times: ${reason}`]
  if (seen.gpu === null) {
    const why = failures === 0 ? ['no GPU figures: the sidecar sees no GPU'] : []
    return { usable: false, notes: [...why, ...unanswered] }
  }
  const steadySeconds = endSeconds - startSeconds
  const coverage = steadySeconds === 0 ? 0 : seen.observedSeconds / steadySeconds
  const covered = `the sidecar observed ${formatDuration(seen.observedSeconds)} of the ${formatDuration(steadySeconds)} of the steady window`
  if (coverage < minimumCoverageRatio) {
    return { usable: false, notes: [`no GPU figures: ${covered} only`, ...unanswered] }
  }
  const part =
    coverage < policy.minimumCoverageRatio
      ? [`GPU figures are partial: ${covered}`]
      : [
          `GPU figures and pairs/J are of the steady window, ${formatDuration(startSeconds)} to ${formatDuration(endSeconds)} of the run`,
        ]
  return { usable: true, notes: [...part, ...unanswered] }
}

function guidanceOf(
  { sidecar }: RunFacts,
  gpu: GpuFigures,
  notes: readonly string[],
  p95Seconds: number | null,
  { queriesPerSecond }: Summary['throughput'],
): Summary['guidance'] {
  if (gpu.gpu === null) {
    return {
      state: 'unknown',
      reasons: [...notes],
      recommendation:
        sidecar === null
          ? 'Start `rerankscope sidecar` beside the target and name it with --sidecar.'
          : sidecar.failures > 0
            ? 'Start `rerankscope sidecar` beside the target, or correct --sidecar.'
            : 'Look at the health of the sidecar’s sources.',
    }
  }
  const guidance: Guidance = guideRun(
    {
      measurable: gpu.measurable,
      emulated: gpu.emulated,
      queriesPerSecond,
      p95Seconds: p95Seconds ?? undefined,
      queuePairs: gpu.queuePairs === undefined ? undefined : Math.round(gpu.queuePairs),
      powerRatio: gpu.powerRatio,
      run: { observedSeconds: gpu.observedSeconds, meanRatio: gpu.meanRatio },
    },
    policy,
  )
  return { ...guidance, reasons: [...guidance.reasons] }
}
