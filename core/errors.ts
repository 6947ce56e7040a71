/**
 * Errors that a person can act on. Everything else that is thrown is a bug.
 *
 * Exit codes (contract §1): 0 done, 2 wrong usage, 3 the environment lacks something, 4 the run is
 * INVALID, 99 an SLO threshold was missed (as k6).
 */
export const exitCodes = {
  done: 0,
  bug: 1,
  usage: 2,
  environment: 3,
  invalidRun: 4,
  slo: 99,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/**
 * One sentence, on one line, that says what is wrong and what to do; `cli.ts` prints it and exits
 * with `exitCode`. The message must hold no secret and no query or document text.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: ErrorOptions) {
    // What is quoted (a YAML parser, a child that did not start) may bring lines of its own.
    super(message.replace(/\s*\n\s*/g, ' ').trim(), options)
    this.exitCode = exitCode
  }
}

export const usageError = (message: string, options?: ErrorOptions): UserError =>
  new UserError(exitCodes.usage, message, options)

export const environmentError = (message: string, options?: ErrorOptions): UserError =>
  new UserError(exitCodes.environment, message, options)

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}

/** The `code` of a system error (`EADDRINUSE`, `ENOENT`), or undefined. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code
  // fetch() hides the system error in `cause`.
  return thrown.cause === undefined ? undefined : systemCodeOf(thrown.cause)
}
