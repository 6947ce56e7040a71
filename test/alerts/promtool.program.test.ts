import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  alertDefaults,
  alertsOf,
  recordsOf,
  ruleSetChoices,
  shippedRules,
} from '../../alerts/index.ts'
import { promtool } from '../../alerts/promtool.ts'
import { prometheus, rulesFileName, testsFileName } from '../../alerts/forms/prometheus.ts'
import { fileOf } from '../../alerts/rule-sets.ts'
import { policy } from '../../core/policy.ts'
import { describeWithProgram } from '../programs.ts'

const context = { policy, ...alertDefaults }

describeWithProgram('promtool', 'the alert rules under promtool, in short', () => {
  test('what ships is valid', async () => {
    const { passed, output } = await promtool(['check', 'rules', rulesFileName], shippedRules)
    expect(output).toContain(
      `SUCCESS: ${String(alertsOf(context).length + recordsOf(context).length)} rules found`,
    )
    expect(passed, output).toBe(true)
  })

  // Each beside its own tests alone: all of them beside all others take minutes, see the long suite.
  test('every rule passes its tests', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
    try {
      const alone = ruleSetChoices.flatMap(({ name: set, job }) => {
        const own = { ...context, job }
        return [
          ...alertsOf(own, set).map((alert) => ({
            name: `${set}-${alert.name}`,
            alerts: [alert],
            records: [],
          })),
          { name: `${set}-records`, alerts: [], records: recordsOf(own, set) },
        ]
      })
      const tests = alone.map((rules) => {
        for (const [file, text] of prometheus.render(rules, context)) {
          writeFileSync(join(directory, file), text)
        }
        return fileOf(rules.name, testsFileName)
      })
      const { passed, output } = await promtool(['test', 'rules', ...tests], directory)
      expect(output.match(/SUCCESS/g)).toHaveLength(tests.length)
      expect(passed, output).toBe(true)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
