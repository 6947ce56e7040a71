import { execFile } from 'node:child_process'
import { environmentError, systemCodeOf } from '../core/errors.ts'

export interface PromtoolResult {
  readonly passed: boolean
  /** What promtool printed, both streams. */
  readonly output: string
}

const timeoutSeconds = 300
const outputBytesMaximum = 16 * 1024 * 1024

/**
 * Runs promtool in `directory`. Rejects with an environment error when it is not on PATH, or does
 * not end within five minutes; a check that fails is a result.
 */
export function promtool(args: readonly string[], directory: string): Promise<PromtoolResult> {
  return new Promise((resolve, reject) => {
    execFile(
      'promtool',
      args,
      { cwd: directory, timeout: timeoutSeconds * 1000, maxBuffer: outputBytesMaximum },
      (error, stdout, stderr) => {
        const output = `${stdout}${stderr}`.trim()
        if (error === null) resolve({ passed: true, output })
        else if (typeof error.code === 'number') resolve({ passed: false, output })
        else reject(unusable(error))
      },
    )
  })
}

function unusable(error: Error): Error {
  return systemCodeOf(error) === 'ENOENT'
    ? environmentError(
        'promtool is not on PATH; it comes with Prometheus (Debian: `apt-get install prometheus`).',
        { cause: error },
      )
    : environmentError(`promtool did not finish: ${error.message}`, { cause: error })
}
