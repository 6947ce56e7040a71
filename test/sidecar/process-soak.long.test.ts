import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { compiledModule, packageFile } from '../../core/program.ts'

const warmUpSeconds = 25
const watchSeconds = 75
/** The heap rises by some MB and falls again; what leaks a reading passes this within the test. */
const bearableGrowthBytes = 12e6

async function startReranker(): Promise<string> {
  const page = readFileSync(packageFile('test/golden/sidecar.metrics.txt'))
  const server = createServer((request, response) => {
    request.resume()
    response.end(page)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
}

async function startSidecar(target: string) {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-soak-'))
  const control = join(folder, 'control')
  writeFileSync(control, 'gpus:8;xml-churn')
  const words = ['--target', target, '--gpu', 'nvidia-smi', '--listen', '127.0.0.1:0', '--json']
  words.push('--nvidia-smi', packageFile('test/fixtures/bin/nvidia-smi'))
  words.push('--interval', '0.25', '--inventory', '10')
  const child = spawn(process.execPath, [compiledModule('cli.js'), 'sidecar', ...words], {
    env: { ...process.env, FAKE_NVIDIA_SMI: control },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(async () => {
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    rmSync(folder, { recursive: true })
  })
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  return { pid: child.pid ?? 0, url: (JSON.parse(line) as { url: string }).url }
}

function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${String(pid)}/status`, 'utf8')
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024
}

const medianOf = (values: readonly number[]) =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

/** The series of the page, without their values. */
const seriesOf = (page: string) =>
  page
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.slice(0, line.lastIndexOf(' ')))

test.skipIf(process.platform !== 'linux')(
  'a sidecar at its fastest, with other processes on the GPUs at each look: flat memory, the same series (skipped without /proc)',
  { timeout: 180_000 },
  async () => {
    const { pid, url } = await startSidecar(await startReranker())
    const resident: number[] = []
    const series = new Set<string>()
    let page = ''
    const scrapeFor = async (seconds: number, seen: (page: string) => void) => {
      for (let scrape = 0; scrape < seconds * 2; scrape += 1) {
        const response = await fetch(`${url}/metrics`)
        expect(response.status).toBe(200)
        seen(await response.text())
        await sleep(500)
      }
    }
    await scrapeFor(warmUpSeconds, () => undefined)
    await scrapeFor(watchSeconds, (text) => {
      page = text
      series.add(seriesOf(text).join('\n'))
      resident.push(residentBytes(pid))
    })
    expect(series.size).toBe(1)
    expect(page.match(/^rerankscope_gpu_processes\{.*\} 50$/gm)).toHaveLength(8)
    expect(page.match(/^rerankscope_source_up\{.*\} 1$/gm)).toHaveLength(3)
    const third = resident.length / 3
    const [early, , late] = [0, 1, 2].map((at) =>
      medianOf(resident.slice(at * third, (at + 1) * third)),
    )
    expect(late).toBeLessThan((early ?? 0) + bearableGrowthBytes)
  },
)
