import { systemClock, type Clock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import type { Observation } from '../core/observation.ts'
import { otlpTargetOf } from '../core/otlp.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { loadDataset } from './dataset/index.ts'
import { engines } from './engines/index.ts'
import { collectAllGarbage } from './garbage.ts'
import { LiveMetrics } from './measure/live-metrics.ts'
import { sidecarTrouble } from './measure/poller.ts'
import type { Progress } from './measure/progress.ts'
import { judge, type ScoreCheck } from './measure/response.ts'
import { summarize } from './measure/summarize.ts'
import { defaults, type RunOptions } from './options.ts'
import { bodiesOf, BodyComposer } from './plan/body.ts'
import { planFileOf, writePlan } from './plan/files.ts'
import { planOf, type Plan } from './plan/plan.ts'
import { maximumDocumentsOf, type Profile } from './plan/profile.ts'
import { profiles } from './plan/profiles.ts'
import { ownScheduleSeconds } from './plan/schedule.ts'
import { prepareFolder, writeRun, writingTo, type Run } from './report/folder.ts'
import { progressWriter } from './report/progress.ts'
import { defaultTolerance, readScores, ScoreChecker, ScoreRecorder } from './scores.ts'
import { concurrencyOf, nothingEnded, planFacts, requireSaturation } from './saturation.ts'
import { measure } from './session.ts'
import { tokensFor } from './tokenizer.ts'
import { preflight, requireDocuments, type Preflight } from './target.ts'

export interface RunContext {
  /** Aborts: stop sending, drain, write what was measured, marked INVALID. */
  readonly signal: AbortSignal
  /** For programs that an engine runs, and for what the terminal can show. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Where the progress is shown; nowhere without it. */
  readonly stderr?: NodeJS.WriteStream | undefined
  readonly clock?: Clock | undefined
  /** Of rerankscope, for what is pushed. */
  readonly version?: string | undefined
  /** Told in a sentence what went wrong beside the run, which is whole all the same. */
  readonly onTrouble?: ((sentence: string) => void) | undefined
  /** Called once a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
  /** Called for each request that ended, in that order. */
  readonly onObservation?: ((observation: Observation) => void) | undefined
}

/** Twelve hours; autocannon's own timers, which must never act, stand at twice that. */
const maximumSeconds = 12 * 3600

/**
 * Offers one profile to one target, measures, and writes the run folder.
 *
 * @throws UserError (usage) for options that make no sense, (environment) for a target that cannot
 * be loaded at all. A target that fails under load is a result, not an error.
 */
export async function runLoad(options: RunOptions, context: RunContext): Promise<Run> {
  const pushTo = otlpTargetOf({ url: options.otlp, protocol: undefined }, context.environment ?? {})
  const { plan, found, engine, target, sidecar, composer, scores } = await prepared(
    options,
    context,
  )
  const identity = { profile: plan.profile.name, engine: engine.name, dialect: found.dialect.name }
  const live = new LiveMetrics(
    { ...identity, target: target.url },
    options.mode === 'saturate' ? undefined : plan.items,
  )
  // Who pushes nothing loads no exporter.
  const push = pushTo && (await (await import('./push.ts')).startPush(pushTo, live, context))
  const progress = progressWriter(context.stderr, context.environment)
  const { observations, telemetry, ...facts } = await measure(
    {
      plan,
      engine,
      replay: {
        endpoint: found.endpoint,
        folder: options.out,
        judge: (message, item) => judge(message, found.dialect, item, scores.check),
        bodyOf: (item) => composer.compose(item),
        timeoutSeconds: options.timeoutSeconds ?? defaults.timeoutSeconds,
      },
      sidecar,
    },
    {
      signal: context.signal,
      clock: context.clock ?? systemClock,
      onObservation: (observation) => {
        live.observe(observation)
        context.onObservation?.(observation)
      },
      onProgress: (now) => {
        live.progress(now.elapsedSeconds, now.sent - now.ended)
        progress.write(now)
        context.onProgress?.(now)
      },
    },
  ).finally(async () => {
    progress.end()
    if (!context.signal.aborted) live.progress(Infinity, 0)
    const trouble = await push?.end()
    if (trouble !== undefined) context.onTrouble?.(trouble)
  })
  if (facts.saturation !== undefined && observations.length === 0) throw nothingEnded()
  const summary = summarize(
    {
      ...facts,
      target: {
        url: target.url,
        dialect: found.dialect.name,
        server: found.info?.server ?? null,
        model: found.info?.model ?? null,
      },
      ...planFacts(plan, observations, facts.saturation),
      slo: options.slo ?? [],
      scores: scores.figures(),
    },
    observations,
    telemetry,
  )
  await scores.write()
  return writeRun({ folder: options.out, summary, observations, telemetry })
}

/** What is done with the scores of answers: compared, kept, both or neither. */
async function scoresOf({ expectScores, writeScores, scoreTolerance }: RunOptions, plan: Plan) {
  const checker =
    expectScores === undefined
      ? undefined
      : new ScoreChecker(plan, await readScores(expectScores), scoreTolerance ?? defaultTolerance)
  if (expectScores !== undefined) checker?.requireOverlap(plan.items, expectScores)
  const recorder = writeScores === undefined ? undefined : new ScoreRecorder(plan)
  const check: ScoreCheck = (item, results) => {
    recorder?.record(item, results)
    return checker?.check(item, results) ?? true
  }
  return {
    check,
    figures: () => checker?.figures(),
    write: async () => {
      if (writeScores !== undefined) await recorder?.write(writeScores)
    },
  }
}

/** Everything that is done before the first request: the target is asked, the plan made and written. */
async function prepared(options: RunOptions, context: RunContext) {
  const profile = profileOf(options.profile)
  const member = memberNamed(engines, options.engine ?? defaults.engine, 'engine')
  const seed = options.seed ?? defaults.seed
  const scaling = scalingOf(profile, options)
  const concurrency = concurrencyOf(options)
  const target = parseTargetUrl(options.target, '--target')
  const sidecar =
    options.sidecar === undefined ? undefined : parseTargetUrl(options.sidecar, '--sidecar')
  const engine = await member.find({
    program: options.k6,
    environment: context.environment ?? {},
  })
  if (concurrency !== undefined) requireSaturation(engine, concurrency)
  const { batchForm = defaults.batchForm, queries = defaults.queries, split } = options
  const found = await preflight(
    target,
    {
      dialect: options.dialect ?? defaults.dialect,
      documents: maximumDocumentsOf(profile) ?? 1,
      batchForm,
      apiKey: options.apiKey,
      model: options.model,
    },
    context.signal,
  )
  await prepareFolder(options.out, options.force ?? false)
  const trouble = sidecar === undefined ? undefined : await sidecarTrouble(sidecar)
  if (trouble !== undefined) context.onTrouble?.(trouble)

  const dataset = await loadDataset(options.dataset ?? defaults.dataset, { seed, queries, split })
  const tokens = await tokensFor(options, target, found, context.signal)
  const plan = planOf(profile, {
    ...{ ...scaling, seed, dataset, batchForm, concurrency },
    ...(tokens !== undefined &&
      ('missing' in tokens ? { tokensMissing: tokens.missing } : { tokens })),
  })
  if (plan.dataset.lengths.tokens !== null) collectAllGarbage()
  requireDocuments(target, found.info, plan.documentCounts.at(-1) ?? 1)
  const composer = await writtenPlan(options.out, plan, found)
  const scores = await scoresOf(options, plan)
  return { plan, found, engine, target, sidecar, composer, scores }
}

function profileOf(profile: string | Profile): Profile {
  return typeof profile === 'string' ? memberNamed(profiles, profile, 'profile') : profile
}

function scalingOf(profile: Profile, options: RunOptions) {
  const { timeScale = defaults.timeScale, count = defaults.count } = options
  const seconds = options.seconds ?? ownScheduleSeconds(profile, timeScale)
  if (!(seconds > 0)) throw usageError('--seconds must be more than 0.')
  if (seconds > maximumSeconds) {
    throw usageError(
      `The schedule may last ${String(maximumSeconds)} s at most, for the whole plan and every observation stay in memory; choose fewer --seconds.`,
    )
  }
  const unit = count === 'batches' ? profile.queriesPerBatch : 1
  return { seconds, timeScale, rateScale: (options.rateScale ?? defaults.rateScale) * unit }
}

async function writtenPlan(
  folder: string,
  plan: Plan,
  { dialect, endpoint, model }: Preflight,
): Promise<BodyComposer> {
  const bodies = bodiesOf(dialect, [...plan.items, ...plan.warmUp.flat()], model)
  const headers = { 'content-type': 'application/json' }
  const file = planFileOf(plan, { dialect: dialect.name, path: endpoint.path, headers, bodies })
  await writingTo(folder, writePlan(folder, plan, file))
  return new BodyComposer(bodies, plan.texts)
}

function memberNamed<T extends { readonly name: string }>(
  members: readonly T[],
  name: string,
  kind: string,
): T {
  const member = members.find((candidate) => candidate.name === name)
  if (member !== undefined) return member
  throw usageError(
    `There is no ${kind} ${name}; choose from ${members.map((candidate) => candidate.name).join(', ')}.`,
  )
}
