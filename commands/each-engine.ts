import { join } from 'node:path'
import { exitCodes, type ExitCode } from '../core/errors.ts'
import {
  agreementOf,
  engines,
  formatRunTable,
  prepareFolder,
  runLoad,
  type Run,
  type RunContext,
  type RunOptions,
} from '../loadgen/index.ts'
import type { CommandContext } from './command.ts'
import { exitCodeOf } from './slo.ts'

/** Runs of one plan, one an engine, and what they say of each other. */
export interface EachEngine {
  readonly runs: readonly Run[]
  readonly agree: boolean
  /** One for each engine after the first. */
  readonly sentences: readonly string[]
  /** 4 when a run is INVALID or they do not agree, else that of their thresholds. */
  readonly exitCode: ExitCode
}

/**
 * Sends one plan with every engine, one after another, into a folder each in `options.out`.
 *
 * @throws UserError as `runLoad`, before anything is sent where an engine's program is missing.
 */
export async function runEachEngine(
  options: Omit<RunOptions, 'engine'>,
  context: RunContext,
): Promise<EachEngine> {
  // All of them now: a program or a folder that is missing must not show when half of it has run.
  for (const engine of engines) {
    await engine.find({ program: options.k6, environment: context.environment ?? {} })
  }
  const { out, force = false } = options
  for (const { name } of engines) await prepareFolder(join(out, name), force)
  const runs: Run[] = []
  for (const { name } of engines) {
    runs.push(
      await runLoad({ ...options, engine: name, out: join(out, name), force: true }, context),
    )
    // The plan was not sent to its end: a second engine would have nothing to be compared with.
    if (context.signal.aborted) break
  }
  const [first, ...others] = runs.map(({ summary }) => summary)
  const verdicts = first === undefined ? [] : others.map((other) => agreementOf(first, other))
  const agree = verdicts.length > 0 && verdicts.every((verdict) => verdict.agree)
  const exitCode = agree ? exitCodeOf(runs.map(({ summary }) => summary)) : exitCodes.invalidRun
  return { runs, agree, sentences: verdicts.map(({ sentence }) => sentence), exitCode }
}

/** The table, and below it whether they agree. */
export function printEachEngine(
  { runs, sentences }: EachEngine,
  stdout: CommandContext['stdout'],
): void {
  // All are of one profile: what tells the columns apart is the engine.
  const named = runs.map(({ summary }) => {
    const name = `${summary.profile.name}, ${summary.engine.name}`
    return { summary: { ...summary, profile: { ...summary.profile, name } } }
  })
  stdout.write(`${formatRunTable(named, stdout.columns)}\n`)
  for (const sentence of sentences) stdout.write(`\n${sentence}\n`)
}
