import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { autoscaling } from '../../../alerts/index.ts'
import { parseTargetUrl } from '../../../core/target-url.ts'
import { describeWithProgram } from '../../programs.ts'
import { freePort } from '../../system/monitoring.ts'

/** Half a GPU for an hour, then nothing for ten minutes, then two GPUs; a sample every 15 s. */
const startSeconds = Date.parse('2026-11-01T00:00:00Z') / 1000
function history(): string {
  const lines = ['# TYPE rerankscope_gpu_busy_seconds counter']
  const series = (gpu: string, from: number, to: number, ratio: number) => {
    let busy = 0
    for (let at = from; at < to; at += 15) {
      lines.push(
        `rerankscope_gpu_busy_seconds_total{namespace="rerank",job="rerankscope",gpu_uuid="${gpu}"} ${String(busy)} ${String(startSeconds + at)}`,
      )
      busy += 15 * ratio
    }
  }
  series('a', 0, 3600, 0.5)
  series('b', 4200, 7200, 1)
  series('c', 4200, 7200, 1)
  return `${lines.join('\n')}\n# EOF\n`
}

describeWithProgram('prometheus', 'a load from a real Prometheus', () => {
  let folder: string
  let address: string
  let prometheus: ChildProcess

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rerankscope-'))
    writeFileSync(join(folder, 'history.txt'), history())
    writeFileSync(join(folder, 'prometheus.yaml'), 'global: {}\n')
    const [openmetrics, data] = [join(folder, 'history.txt'), join(folder, 'data')]
    const filled = spawnSync('promtool', [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      openmetrics,
      data,
    ])
    expect(filled.status, String(filled.stderr)).toBe(0)
    const port = String(await freePort())
    address = `http://127.0.0.1:${port}`
    prometheus = spawn('prometheus', [
      `--config.file=${join(folder, 'prometheus.yaml')}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ])
    const ready = async () => {
      const response = await fetch(`${address}/-/ready`).catch(() => undefined)
      return response?.ok === true
    }
    for (let tries = 0; tries < 300 && !(await ready()); tries += 1) await sleep(100)
  })
  afterAll(async () => {
    const ended = new Promise((resolve) => prometheus.once('exit', resolve))
    prometheus.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  const range = (query: string) =>
    autoscaling.prometheusLoad({
      ...{ server: parseTargetUrl(address, '--prometheus'), query, gpusPerReplica: 2 },
      ...{ fromSeconds: startSeconds, toSeconds: startSeconds + 7200 },
    })
  const busy = 'rate(rerankscope_gpu_busy_seconds_total{job="rerankscope"}[1m])'

  test('is what the GPUs did, in replicas of two GPUs, and unknown in between', async () => {
    const load = await range(`sum(${busy})`)
    expect(load.seconds).toBe(7200)
    expect([1800, 3900, 6000].map((at) => load.at(at))).toEqual([
      expect.closeTo(0.25, 9),
      undefined,
      expect.closeTo(1, 9),
    ])
  })

  test('what Prometheus says against the query is passed on', async () => {
    await expect(range('sum(')).rejects.toThrow(/^Prometheus does not take --query: .*parse error/)
    await expect(range(busy)).rejects.toThrow('--query gives 3 series, and one is needed')
    await expect(range('nothing')).rejects.toThrow('Prometheus has no samples for --query')
  })
})
