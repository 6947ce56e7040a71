import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import { grafanaStandIn, tokens, type GrafanaStandIn } from './grafana-stand-in.ts'

let folder: string
let grafana: GrafanaStandIn
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-push-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})
beforeEach(async () => {
  grafana = await grafanaStandIn(['v1'])
})
afterEach(() => grafana.close())

const environment = { RERANKSCOPE_GRAFANA_TOKEN: tokens.editor }
const words = (action: string, ...more: readonly string[]) => [
  ...['dashboards', action, '--grafana-url', grafana.url, '--board', 'overview'],
  ...more,
]

test('push writes one board into the folder that is named, with the token of a file', async () => {
  const file = join(folder, 'token')
  writeFileSync(file, `${tokens.editor}\n`)
  const { exiting, printed } = await runCommand(
    words('push', '--folder', 'GPUs', '--grafana-token-file', file),
  )
  expect(await exiting).toBe(0)
  expect(printed.join('')).toBe(`overview: created, ${grafana.url}/d/rerankscope-overview\n`)
  expect([...grafana.folders.values()]).toEqual(['GPUs'])
  expect([...grafana.boards.keys()]).toEqual(['rerankscope-overview'])
})

test('push --json, with the token of the environment', async () => {
  const first = await runCommand(words('push', '--json'), { environment })
  expect(await first.exiting).toBe(0)
  const again = await runCommand(words('push', '--json', '--overwrite'), { environment })
  expect(await again.exiting).toBe(0)
  expect(JSON.parse(again.printed.join(''))).toEqual([
    { name: 'overview', done: 'replaced', url: `${grafana.url}/d/rerankscope-overview` },
  ])
})

test('verify prints a row a query and a sum, and exits 0', async () => {
  grafana.answer = (expression) => ({ series: expression.includes('qps_current') ? 0 : 3 })
  const { exiting, printed } = await runCommand(words('verify'), { environment })
  expect(await exiting).toBe(0)
  const text = printed.join('')
  expect(text).toMatch(/│ overview\s*│ \d+ Queries\s*│ A\s*│ 0\s*│ empty/)
  expect(text).toMatch(/│ 3\s*│ data/)
  expect(text).toContain(
    `Grafana 12.0.0 at ${grafana.url} over dashboard.grafana.app/v1, data source Main`,
  )
  expect(text).toMatch(
    /\d+ queries: \d+ with data, [1-9]\d* empty, 0 empty as they may be, 0 failed/,
  )
  expect(text).not.toContain(tokens.editor)
})

test('verify exits 1 when a query fails', async () => {
  grafana.answer = () => ({ error: 'no' })
  const { exiting, printed } = await runCommand(words('verify', '--json'), { environment })
  expect(await exiting).toBe(1)
  const { boards } = JSON.parse(printed.join('')) as {
    boards: { queries: { verdict: string; reason: string }[] }[]
  }
  expect(boards[0]?.queries[0]).toMatchObject({ verdict: 'failed', reason: 'no' })
})

test('both ask for a Grafana', async () => {
  for (const action of ['push', 'verify']) {
    const { exiting } = await runCommand(['dashboards', action], { environment })
    await expect(exiting).rejects.toThrow('Say which Grafana, with --grafana-url URL.')
  }
})
