import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { articleMetricNames } from '../../core/metrics.ts'
import { describeWithProgram } from '../programs.ts'
import { Rerankscope } from './processes.ts'

/** What promtool says against an exposition, a line each; the name comes first. */
function lint(exposition: string): readonly string[] {
  const { stdout, stderr, error } = spawnSync('promtool', ['check', 'metrics'], {
    input: exposition,
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  return (stdout + stderr).split('\n').filter((line) => line.trim() !== '')
}

/** Lines that are about anything but the four names which the contract keeps against the rules. */
function objections(exposition: string): readonly string[] {
  return lint(exposition).filter(
    (line) => !articleMetricNames.some((name) => line.startsWith(`${name} `)),
  )
}

describeWithProgram('promtool', 'promtool check metrics', () => {
  let server: Rerankscope
  let sidecar: Rerankscope
  let urls: Readonly<Record<'server' | 'sidecar', string>>

  beforeAll(async () => {
    server = new Rerankscope(['serve', '--port', '0', '--json'])
    const target = await server.listening()
    const response = await fetch(`${target}/rerank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: 'clear water', texts: ['clear water', 'a stone'] }),
    })
    expect(response.status).toBe(200)
    sidecar = new Rerankscope([
      'sidecar',
      ...['--target', target, '--gpu', 'emulated', '--listen', '127.0.0.1:0', '--json'],
    ])
    urls = { server: target, sidecar: await sidecar.listening() }
    await vi.waitFor(
      async () => {
        expect(await (await fetch(`${urls.sidecar}/metrics`)).text()).toContain('qps_current{')
      },
      { timeout: 20_000, interval: 200 },
    )
  }, 60_000)
  afterAll(() => {
    sidecar.end()
    server.end()
  })

  test.each(['server', 'sidecar'] as const)('accepts what the %s exposes', async (program) => {
    const exposition = await (await fetch(`${urls[program]}/metrics`)).text()
    expect(exposition.split('\n').length).toBeGreaterThan(100)
    expect(objections(exposition)).toEqual([])
  })

  test('would object to a metric that breaks the rules', () => {
    expect(
      objections(
        '# HELP requests_count Requests.\n# TYPE requests_count counter\nrequests_count 1\n',
      ),
    ).not.toEqual([])
  })
})
