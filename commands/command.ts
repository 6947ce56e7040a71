import type { InferredOptionTypes, Options } from 'yargs'
import type { ExitCode } from '../core/errors.ts'

/** What a command may touch of the process it runs in. */
export interface CommandContext {
  /** Aborts on the first SIGINT or SIGTERM: finish what was accepted, stop, leave nothing behind. */
  readonly signal: AbortSignal
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
}

/**
 * A command of the CLI. Options are declared once: flag, environment variable
 * (`RERANKSCOPE_<COMMAND>_<OPTION>`), key of `--config FILE.yaml` and help text are the same thing.
 */
export interface Command<O extends Record<string, Options> = Record<string, Options>> {
  /** As yargs writes it: `serve`, `report <folders..>`. */
  readonly usage: string
  readonly summary: string
  /** Pairs of a command line (without `rerankscope`) and what it does. */
  readonly examples: readonly (readonly [string, string])[]
  readonly options: O
  run(args: Arguments<O>, context: CommandContext): Promise<ExitCode>
}

export type Arguments<O extends Record<string, Options>> = InferredOptionTypes<O> & {
  /** Positional arguments, by name. */
  readonly positional: Readonly<Record<string, unknown>>
}

export function defineCommand<const O extends Record<string, Options>>(
  command: Command<O>,
): Command {
  // The list holds commands of every shape; yargs has checked the arguments before `run` sees them.
  return command
}
