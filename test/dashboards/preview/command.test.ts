import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import { prometheusStandIn, type PrometheusStandIn } from './prometheus-stand-in.ts'

const preview = ['dashboards', 'preview']
let prometheus: PrometheusStandIn
let folder: string
beforeAll(async () => {
  prometheus = await prometheusStandIn()
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-preview-'))
})
afterAll(async () => {
  await prometheus.close()
  rmSync(folder, { recursive: true })
})

test('serves until a signal comes, on this machine alone', async () => {
  const stop = new AbortController()
  const words = [...preview, '--prometheus', prometheus.url, '--listen', '127.0.0.1:0', '--json']
  const { exiting, printed } = await runCommand(words, { stop })
  await expect.poll(() => printed.length).toBe(1)
  const { event, url } = JSON.parse(printed[0]!) as { event: string; url: string }
  expect(event).toBe('listening')
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  expect((await fetch(`${url}/overview`)).status).toBe(200)
  stop.abort()
  expect(await exiting).toBe(0)
  await expect(fetch(url)).rejects.toThrow()
})

test('--out writes one board as a page of the time that is asked for, and names what is empty', async () => {
  const file = join(folder, 'overview.html')
  prometheus.empty = (expression) => expression.includes('qps_current')
  prometheus.asked.splice(0)
  const span = ['--from', '2026-11-22T10:00:00Z', '--to', '1795341900']
  const words = [...preview, '--prometheus', prometheus.url, '--board', 'overview', '--out', file]
  const { exiting, printed } = await runCommand([...words, ...span])
  expect(await exiting).toBe(0)
  expect(printed.join('')).toMatch(/overview\.html: \d+ panels; empty: Queries/)
  expect(readFileSync(file, 'utf8')).toContain('a preview by rerankscope, not Grafana')
  const range = prometheus.asked.find(({ path }) => path === '/api/v1/query_range')!
  expect([range.form['start'], range.form['end']]).toEqual(['1795341600', '1795341900'])
})

describe('is refused in one sentence', () => {
  const asking = () => [...preview, '--prometheus', prometheus.url]
  test.each<[() => readonly string[], string]>([
    [() => preview, 'Say which Prometheus to ask, with --prometheus URL.'],
    [() => [...preview, '--prometheus', 'ftp://h'], '--prometheus must start with http'],
    [() => [...asking(), '--board', 'cost'], 'There is no board cost: --board takes '],
    [() => [...asking(), '--minutes', '0'], '--minutes must be from 1 to 10080.'],
    [() => [...asking(), '--scrape-seconds', '0'], '--scrape-seconds must be from 1 to 3600.'],
    [() => [...asking(), '--listen', '9465'], '--listen must be HOST:PORT'],
    [() => [...asking(), '--from', '1'], '--from and --to are for a still page'],
    [
      () => [...asking(), '--board', 'overview', '--out', 'x', '--to', 'noon'],
      '--to must be a time such as 2026-11-22T10:00:00Z, or Unix time in seconds.',
    ],
    [
      () => [...asking(), '--board', 'overview', '--out', 'x', '--from', '2', '--to', '1'],
      '--from must be before --to',
    ],
    [
      () => [...asking(), '--board', 'overview', '--out', join(folder, 'none', 'x')],
      'cannot be written: there is no such file or folder',
    ],
  ])('case %#', async (words, sentence) => {
    const { exiting } = await runCommand(words())
    await expect(exiting).rejects.toThrow(sentence)
  })
})
