import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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

/**
 * What Prometheus' own OpenMetrics parser says against an exposition; empty when it takes it. The
 * parser is reached through the import of old data, which wants a time on every sample.
 */
function openMetricsObjection(exposition: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-openmetrics-'))
  try {
    const file = join(folder, 'metrics.txt')
    writeFileSync(file, exposition.replaceAll(/^(?!#).+$/gm, '$& 1800000000'))
    const { status, stderr } = spawnSync(
      'promtool',
      ['tsdb', 'create-blocks-from', 'openmetrics', file, join(folder, 'blocks')],
      { encoding: 'utf8' },
    )
    return status === 0 ? '' : stderr
  } finally {
    rmSync(folder, { recursive: true })
  }
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

  test('accepts the same as OpenMetrics, every sample of it', async () => {
    const accept = 'application/openmetrics-text;version=1.0.0'
    const response = await fetch(`${urls.sidecar}/metrics`, { headers: { accept } })
    expect(response.headers.get('content-type')).toContain(accept.replace(';', '; '))
    const exposition = await response.text()
    expect(openMetricsObjection(exposition)).toBe('')
    const text = await (await fetch(`${urls.sidecar}/metrics`)).text()
    const samples = (page: string) => page.split('\n').filter((line) => /^[^#]/.test(line)).length
    expect(samples(exposition)).toBe(samples(text))
  })

  test('would object to what is no OpenMetrics', () => {
    expect(openMetricsObjection('# TYPE a gauge\n# UNIT a seconds\na 1\n# EOF\n')).toContain('unit')
    expect(openMetricsObjection('# TYPE a gauge\na 1\n')).toContain('EOF')
  })

  test('would object to a metric that breaks the rules', () => {
    expect(
      objections(
        '# HELP requests_count Requests.\n# TYPE requests_count counter\nrequests_count 1\n',
      ),
    ).not.toEqual([])
  })
})
