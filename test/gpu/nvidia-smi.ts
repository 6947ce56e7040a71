/**
 * What only a real GPU can answer about nvidia-smi, for a person to read; nothing here passes or
 * fails. Without a GPU it runs against the fake of the tests, which shows that it works and no more.
 *
 *   npm run build
 *   node dist/test/gpu/nvidia-smi.js flush      does -lms print each row at once into a pipe?
 *   node dist/test/gpu/nvidia-smi.js latency    one run a reading against the running loop
 *   node dist/test/gpu/nvidia-smi.js accuracy -- COMMAND   utilisation of a known load, at 1 Hz
 *   node dist/test/gpu/nvidia-smi.js observer URL   a server's latency: sidecar off, 5 s, 1 s, 250 ms
 *
 * NVIDIA_SMI names another nvidia-smi; `dry` in place of a name runs all of them on the fake.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { formatDuration } from '../../core/units.ts'
import { sorted } from '../../loadgen/measure/latency.ts'
import { percentile } from '../../loadgen/measure/percentile.ts'

const root = new URL(import.meta.url.includes('/dist/') ? '../../../' : '../../', import.meta.url)
const fake = fileURLToPath(new URL('test/fixtures/bin/nvidia-smi', root))
const cli = fileURLToPath(new URL('dist/cli.js', root))
const [name = '', ...rest] = process.argv.slice(2)
const dry = name === 'dry'
const nvidiaSmi = dry ? fake : (process.env['NVIDIA_SMI'] ?? 'nvidia-smi')
const query = ['--query-gpu=index,utilization.gpu,memory.used', '--format=csv']
const seconds = dry ? 2 : 30
const body = JSON.stringify({ query: 'q', texts: Array.from({ length: 20 }, () => 'a text') })

const checks: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  flush: async () => {
    for (const milliseconds of [1000, 250]) {
      const gaps = await gapsOf(milliseconds, seconds)
      say(`-lms ${String(milliseconds)}: time between ticks`, gaps)
      const limit = milliseconds / 1000 / 2
      const together = gaps.filter((gap) => gap < limit).length
      console.log(
        `  ${String(together)} of ${String(gaps.length)} came together with the one before`,
      )
    }
  },
  latency: async () => {
    const runs: number[] = []
    for (let run = 0; run < (dry ? 3 : 30); run += 1) {
      const begin = now()
      await promisify(execFile)(nvidiaSmi, query)
      runs.push(now() - begin)
    }
    say('one run a reading', runs)
    const lateness = (await gapsOf(1000, seconds)).map((gap) => Math.abs(gap - 1))
    say('the loop at 1 Hz, how far from its second', lateness)
  },
  accuracy: async ([, program, ...args]) => {
    const load = program === undefined ? undefined : spawn(program, args, { stdio: 'inherit' })
    await sleep(dry ? 0 : 5000)
    const ratios: number[] = []
    await rows(1000, seconds, (_, cells) => {
      const percent = Number.parseFloat(cells[1] ?? '')
      if (Number.isFinite(percent)) ratios.push(percent / 100)
    })
    load?.kill()
    const mean = ratios.reduce((total, ratio) => total + ratio, 0) / ratios.length
    console.log(
      `mean utilisation of ${String(ratios.length)} samples: ${(mean * 100).toFixed(1)} %`,
    )
    console.log('  compare it with the share of time in which the load says that it computed')
  },
  observer: async ([url = '']) => {
    const off = await latencies(url)
    say('sidecar off', off)
    for (const interval of ['5', '1', '0.25']) {
      const sidecar = await startSidecar(interval)
      say(`sidecar every ${interval} s`, await latencies(url))
      sidecar.kill('SIGTERM')
      await once(sidecar, 'exit')
    }
    say('sidecar off again, to show the drift', await latencies(url))
  },
}

async function gapsOf(milliseconds: number, duration: number): Promise<number[]> {
  const times: number[] = []
  await rows(milliseconds, duration, (at, [index]) => {
    if (index === '0') times.push(at)
  })
  return times.slice(1).map((time, at) => time - (times[at] ?? time))
}

async function rows(
  milliseconds: number,
  duration: number,
  onRow: (atSeconds: number, cells: readonly string[]) => void,
): Promise<void> {
  const child = spawn(nvidiaSmi, [...query, '-lms', String(milliseconds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    const cells = line.split(',').map((cell) => cell.trim())
    if (/^\d+$/.test(cells[0] ?? '')) onRow(now(), cells)
  })
  await sleep(duration * 1000)
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const [code, signal] = (await ended) as [number | null, string | null]
  console.log(`  (on SIGTERM it ended with ${String(code ?? signal)})`)
}

/** One request after the other, against TEI's dialect, as long as `seconds`. */
async function latencies(url: string): Promise<number[]> {
  const taken: number[] = []
  for (const end = now() + seconds; now() < end;) {
    const begin = now()
    const response = await fetch(`${url}/rerank`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    await response.arrayBuffer()
    if (!response.ok) throw new Error(`${url}/rerank answered ${String(response.status)}`)
    taken.push(now() - begin)
  }
  return taken
}

async function startSidecar(interval: string): Promise<ChildProcess> {
  const args = [cli, 'sidecar', '--server', 'none', '--gpu', 'nvidia-smi', '--json']
  args.push('--nvidia-smi', nvidiaSmi, '--interval', interval, '--listen', '127.0.0.1:0')
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  return child
}

function say(what: string, values: readonly number[]): void {
  const all = sorted(values)
  const [p50 = NaN, p95 = NaN, p99 = NaN] = [0.5, 0.95, 0.99].map((q) => percentile(all, q))
  const figures = [p50, p95, p99].map(formatDuration).join(', ')
  console.log(`${what}: p50, p95, p99 ${figures} (${String(values.length)} values)`)
}

function now(): number {
  return performance.now() / 1000
}

if (dry) {
  const server = createServer((request, response) => {
    request.resume().on('end', () => response.end('[]'))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
  for (const check of Object.values(checks)) await check([url])
  server.closeAllConnections()
  server.close()
} else {
  const check = checks[name]
  if (check === undefined) {
    console.error(`Name one of ${Object.keys(checks).join(', ')}, dry.`)
    process.exitCode = 2
  } else await check(rest)
}
