import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { alertDefaults, alertsOf, shippedRules } from '../../alerts/index.ts'
import { promtool } from '../../alerts/promtool.ts'
import { renderRules, renderRuleTests, rulesFileName, testsFileName } from '../../alerts/render.ts'
import { policy } from '../../core/policy.ts'
import { describeWithProgram } from '../programs.ts'

const context = { policy, ...alertDefaults }

describeWithProgram('promtool', 'the alert rules under promtool, in short', () => {
  test('what ships is valid', async () => {
    const { passed, output } = await promtool(['check', 'rules', rulesFileName], shippedRules)
    expect(output).toContain(`SUCCESS: ${String(alertsOf(context).length)} rules found`)
    expect(passed, output).toBe(true)
  })

  // Each beside its own tests alone: all of them beside all others take minutes, see the long suite.
  test('every rule passes its tests', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
    try {
      const tests = alertsOf(context).map((alert) => {
        const named = (file: string) => `${alert.name}.${file}`
        writeFileSync(join(directory, named(rulesFileName)), renderRules([alert], context))
        writeFileSync(
          join(directory, named(testsFileName)),
          renderRuleTests([alert], context).replace(rulesFileName, named(rulesFileName)),
        )
        return named(testsFileName)
      })
      const { passed, output } = await promtool(['test', 'rules', ...tests], directory)
      expect(output.match(/SUCCESS/g)).toHaveLength(tests.length)
      expect(passed, output).toBe(true)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
