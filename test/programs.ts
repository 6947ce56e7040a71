import { spawnSync } from 'node:child_process'
import { describe, test } from 'vitest'

const inCi = process.env['CI'] === 'true'

function runs(program: string, programArguments: readonly string[]): boolean {
  return (
    spawnSync(program, programArguments, { stdio: 'ignore', timeout: 20_000 }).error === undefined
  )
}

/**
 * A suite that needs a program which npm does not bring. Without the program it is skipped and says
 * so in words; in CI the missing program is a failure, because `.ci/run` should have installed it.
 */
export function describeWithProgram(program: string, suite: string, body: () => void): void {
  if (runs(program, ['--version'])) {
    describe(suite, body)
  } else if (inCi) {
    test(`${suite}: ${program} must be installed in CI`, () => {
      throw new Error(`${program} is not on PATH`)
    })
  } else {
    describe.skip(`${suite} (skipped: ${program} is not on PATH)`, body)
  }
}
