import { systemClock, type Clock } from '../core/clock.ts'
import { usageError } from '../core/errors.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { datasets } from './dataset/index.ts'
import { engines } from './engines/index.ts'
import type { Progress } from './measure/progress.ts'
import { judge } from './measure/response.ts'
import { summarize, type SloThreshold } from './measure/summarize.ts'
import { BodyComposer, bodyTemplateOf } from './plan/body.ts'
import { planFileOf, writePlan } from './plan/files.ts'
import { planOf, type Plan } from './plan/plan.ts'
import { profiles } from './plan/profiles.ts'
import { prepareFolder, writeRun, writingTo, type Run } from './report/folder.ts'
import { progressWriter } from './report/progress.ts'
import { measure } from './session.ts'
import { preflight, type Preflight } from './target.ts'

export interface RunOptions {
  readonly target: string
  /** A name from `profiles`. */
  readonly profile: string
  readonly seconds: number
  /** Folder to write; made when missing. */
  readonly out: string
  /** Write into a folder that is not empty. */
  readonly force?: boolean | undefined
  readonly seed?: number | undefined
  readonly engine?: string | undefined
  /** The k6 program, for that engine; default: found on PATH. */
  readonly k6?: string | undefined
  /** `auto` (default) or the name of a dialect. */
  readonly dialect?: string | undefined
  readonly dataset?: string | undefined
  /** URL of a sidecar that watches the target's GPUs. */
  readonly sidecar?: string | undefined
  readonly timeoutSeconds?: number | undefined
  readonly slo?: readonly SloThreshold[] | undefined
}

export interface RunContext {
  /** Aborts: stop sending, drain, write what was measured, marked INVALID. */
  readonly signal: AbortSignal
  /** For programs that an engine runs. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined
  /** Where a live progress line goes; none without it. */
  readonly stderr?: NodeJS.WriteStream | undefined
  readonly clock?: Clock | undefined
  /** Called once a second. */
  readonly onProgress?: ((progress: Progress) => void) | undefined
}

export const defaults = {
  engine: 'autocannon',
  dialect: 'auto',
  dataset: 'synthetic',
  seconds: 30,
  seed: 1,
  timeoutSeconds: 60,
} as const

/** Twelve hours; autocannon's own timers, which must never act, stand at twice that. */
const maximumSeconds = 12 * 3600

/**
 * Offers one profile to one target, measures, and writes the run folder.
 *
 * @throws UserError (usage) for options that make no sense, (environment) for a target that cannot
 * be loaded at all. A target that fails under load is a result, not an error.
 */
export async function runLoad(options: RunOptions, context: RunContext): Promise<Run> {
  const profile = memberNamed(profiles, options.profile, 'profile')
  const member = memberNamed(engines, options.engine ?? defaults.engine, 'engine')
  const source = memberNamed(datasets, options.dataset ?? defaults.dataset, 'data set')
  const seed = options.seed ?? defaults.seed
  if (!(options.seconds > 0)) throw usageError('--seconds must be more than 0.')
  if (options.seconds > maximumSeconds) {
    throw usageError(
      `--seconds must be at most ${String(maximumSeconds)}: the whole plan and every observation stay in memory.`,
    )
  }
  const target = parseTargetUrl(options.target, '--target')
  const sidecar =
    options.sidecar === undefined ? undefined : parseTargetUrl(options.sidecar, '--sidecar')
  const dialectName = options.dialect ?? defaults.dialect
  const documents = Math.max(...profile.documentCounts)
  const engine = await member.find({
    program: options.k6,
    environment: context.environment ?? {},
  })
  const found = await preflight(target, dialectName, documents, context.signal)
  await prepareFolder(options.out, options.force ?? false)

  const plan = planOf(profile, { seconds: options.seconds, seed, dataset: source.load(seed) })
  const composer = await writtenPlan(options.out, plan, found)
  const progress = progressWriter(context.stderr)
  const { observations, telemetry, ...facts } = await measure(
    {
      plan,
      engine,
      replay: {
        endpoint: found.endpoint,
        folder: options.out,
        judge: (message, documents) => judge(message, found.dialect, documents),
        bodyOf: (item) => composer.compose(item),
        timeoutSeconds: options.timeoutSeconds ?? defaults.timeoutSeconds,
      },
      sidecar,
    },
    {
      signal: context.signal,
      clock: context.clock ?? systemClock,
      onProgress: (now) => {
        progress.write(now)
        context.onProgress?.(now)
      },
    },
  ).finally(() => {
    progress.end()
  })
  const summary = summarize(
    {
      ...facts,
      target: {
        url: target.url,
        dialect: found.dialect.name,
        server: found.info?.server ?? null,
        model: found.info?.model ?? null,
      },
      profile: profileFacts(plan),
      dataset: plan.dataset,
      slo: options.slo ?? [],
    },
    observations,
    telemetry,
  )
  return writeRun({ folder: options.out, summary, observations, telemetry })
}

async function writtenPlan(
  folder: string,
  plan: Plan,
  { dialect, endpoint }: Preflight,
): Promise<BodyComposer> {
  const bodies = Object.fromEntries(
    plan.profile.documentCounts.map((count) => [count, bodyTemplateOf(dialect, count)]),
  )
  const headers = { 'content-type': 'application/json' }
  const file = planFileOf(plan, { dialect: dialect.name, path: endpoint.path, headers, bodies })
  await writingTo(folder, writePlan(folder, plan, file))
  return new BodyComposer(bodies, plan.texts)
}

function profileFacts({ profile, scheduledSeconds, seed }: Plan) {
  const { name, queriesPerSecond, queriesPerBatch, documentCounts, arrivals } = profile
  const documentsPerQuery: [number, number] = [
    Math.min(...documentCounts),
    Math.max(...documentCounts),
  ]
  return {
    ...{ name, queriesPerSecond, queriesPerBatch, arrivals, seed },
    documentsPerQuery,
    documentCounts: [...documentCounts],
    seconds: scheduledSeconds,
  }
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
