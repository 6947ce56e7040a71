import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { stringify } from 'yaml'
import { panelQueries, shippedBoards, withEverythingChosen } from '../../dashboards/index.ts'
import { describeWithProgram } from '../programs.ts'

describeWithProgram('promtool', 'the queries of the boards', () => {
  test('Prometheus can parse every one', () => {
    const directory = mkdtempSync(join(tmpdir(), 'rerankscope-'))
    try {
      const rules = panelQueries(shippedBoards()).map(({ board, panel, refId, expression }) => ({
        record: `${board.replaceAll('-', '_')}:panel_${String(panel)}:${refId}`,
        expr: withEverythingChosen(expression, 60),
      }))
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
