import { spawnSync } from 'node:child_process'
import { describe, test } from 'vitest'

/** Not for `.ci/run` to install: k6 is under the AGPL, and whoever wants it brings it. */
const broughtByUsers = ['k6']
const inCi = process.env['CI'] === 'true'

function runs(program: string, programArguments: readonly string[]): boolean {
  return (
    spawnSync(program, programArguments, { stdio: 'ignore', timeout: 20_000 }).error === undefined
  )
}

/**
 * A suite that needs a program which npm does not bring. Without the program it is skipped and says
 * so in words; in CI a missing program is a failure where `.ci/run` should have installed it.
 */
export function describeWithProgram(program: string, suite: string, body: () => void): void {
  if (runs(program, ['--version'])) {
    describe(suite, body)
  } else if (inCi && !broughtByUsers.includes(program)) {
    test(`${suite}: ${program} must be installed in CI`, () => {
      throw new Error(`${program} is not on PATH`)
    })
  } else {
    describe.skip(`${suite} (skipped: ${program} is not on PATH)`, body)
  }
}
