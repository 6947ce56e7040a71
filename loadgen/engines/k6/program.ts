import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { environmentError, messageOf, systemCodeOf } from '../../../core/errors.ts'
import type { EngineOptions } from '../engine.ts'

const run = promisify(execFile)
const limitMilliseconds = 20_000
const oldestMajor = 1

/** What to do where k6 is missing; `doctor` says the same. */
export const k6Remedy =
  'brew install k6 (macOS), or the package for your system from grafana.com/docs/k6/latest/set-up/install-k6'

/**
 * The k6 of this machine: `program`, or the one on PATH.
 *
 * @throws UserError (environment) when there is none, or one that is too old.
 */
export async function findK6({
  program = 'k6',
  environment,
}: EngineOptions): Promise<{ readonly program: string; readonly version: string }> {
  const printed = await run(program, ['version'], {
    timeout: limitMilliseconds,
    env: environment,
  }).catch((error: unknown) => {
    throw environmentError(
      systemCodeOf(error) === 'ENOENT'
        ? `There is no ${program === 'k6' ? 'k6 on PATH' : program}: ${k6Remedy}, or name the program with --k6.`
        : `\`${program} version\` failed (${messageOf(error)}): name a k6 that runs with --k6.`,
      { cause: error },
    )
  })
  const [, version, major] = /\bv((\d+)\.\d+\.\d+\S*)/.exec(printed.stdout) ?? []
  if (version === undefined || Number(major) < oldestMajor) {
    throw environmentError(
      `${program} is ${version === undefined ? 'not k6' : `k6 ${version}`}, and k6 ${String(oldestMajor)}.0 or later is needed: ${k6Remedy}.`,
    )
  }
  return { program, version }
}
