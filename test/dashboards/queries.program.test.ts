import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { shippedBoards } from '../../dashboards/index.ts'
import { describeWithProgram } from '../programs.ts'
import { modelOf } from './model.ts'

/** Grafana's variables as it would fill them in. */
function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$(job|instance|gpu)\b/g, '.+')
}

describeWithProgram('promtool', 'the queries of the boards', () => {
  test('Prometheus can parse every one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
    try {
      const rules = shippedBoards().flatMap(({ json }) =>
        modelOf(json).panels.flatMap(({ id, targets }) =>
          targets.map(({ refId, expr }) => ({
            record: `panel:${String(id)}:${refId}`,
            expr: filledIn(expr),
          })),
        ),
      )
      writeFileSync(
        join(directory, 'queries.yaml'),
        stringify({ groups: [{ name: 'boards', rules }] }),
      )
      const checked = spawnSync('promtool', ['check', 'rules', 'queries.yaml'], {
        cwd: directory,
        encoding: 'utf8',
        timeout: 20_000,
      })
      expect(checked.status, checked.stderr).toBe(0)
      expect(checked.stdout).toContain(`SUCCESS: ${String(rules.length)} rules found`)
      expect(rules.length).toBeGreaterThan(15)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})
