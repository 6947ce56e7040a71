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

/** What Node says of a file in its own way (`ENOENT: no such file or directory, open 'x'`), in ours. */
const fileTroubles: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EACCES: 'this user may not',
  EPERM: 'this user may not',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of the path is no folder',
  ENOSPC: 'the disk is full',
  EROFS: 'its file system is read-only',
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown)
  // fetch() says in `cause` what happened.
  if (thrown.message === 'fetch failed' && thrown.cause !== undefined) {
    return systemCodeOf(thrown.cause) ?? messageOf(thrown.cause)
  }
  const isOfFile = 'syscall' in thrown && 'path' in thrown
  const isOfHandle = 'syscall' in thrown && thrown.syscall === 'read'
  const words = isOfFile || isOfHandle ? fileTroubles[systemCodeOf(thrown) ?? ''] : undefined
  return words ?? thrown.message
}

/** The `code` of a system error (`EADDRINUSE`, `ENOENT`), or undefined. */
export function systemCodeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined
  if ('code' in thrown && typeof thrown.code === 'string') return thrown.code
  // fetch() hides the system error in `cause`.
  return thrown.cause === undefined ? undefined : systemCodeOf(thrown.cause)
}
