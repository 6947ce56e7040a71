/**
 * What the sidecar costs beside a server, and what two usual ways to the same figures cost: 8 GPUs
 * at 1 Hz, a reranker's page, a scrape a second. The nvidia-smi is the fake of the
 * tests; what it costs itself is not counted, only what each way spends in its own process.
 *
 *   npm run build && node dist/bench/sidecar.js [seconds]
 */
import { execFile, fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, Agent, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { formatDuration } from '../core/units.ts'
import { percentile } from '../loadgen/measure/percentile.ts'
import { sorted } from '../loadgen/measure/latency.ts'

const budget = { coreRatio: 0.01, residentBytes: 80e6, withOtlpBytes: 110e6, scrapeSeconds: 0.005 }
/** Each one finds a picture that was not rendered yet: a faster scraper would see the last text again. */
const scrapeEverySeconds = 1
const settleSeconds = 10
const root = new URL(import.meta.url.includes('/dist/') ? '../../' : '../', import.meta.url)
const pathOf = (file: string) => fileURLToPath(new URL(file, root))
const nvidiaSmi = pathOf('test/fixtures/bin/nvidia-smi')
const fields = ['index', 'uuid', 'utilization.gpu', 'memory.used', 'power.draw.instant', 'name']
const query = [`--query-gpu=${fields.join(',')}`, '--format=csv']

const roles: Readonly<Record<string, () => Promise<void>>> = {
  /** A reranker's metrics page, and a collector that takes every push. */
  page: async () => {
    const page = readFileSync(pathOf('test/golden/sidecar.metrics.txt'))
    await serve(() => Promise.resolve(page))
  },
  /** prom-client with gauges that a loop sets, as most exporters are written. */
  'prom-client': async () => {
    const { set, render } = await promClient()
    const child = spawn(nvidiaSmi, [...query, '-lms', '1000'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    createInterface({ input: child.stdout }).on('line', set)
    process.on('disconnect', () => child.kill('SIGKILL'))
    await serve(render)
  },
  /** One nvidia-smi a scrape, as the simplest exporters do it. */
  'nvidia-smi a scrape': async () => {
    const { set, render } = await promClient()
    await serve(
      () =>
        new Promise((resolve, reject) => {
          execFile(nvidiaSmi, query, (error, text) => {
            for (const line of text.split('\n')) set(line)
            if (error === null) void render().then(resolve, reject)
            else reject(new Error('nvidia-smi failed', { cause: error }))
          })
        }),
    )
  },
}

async function promClient() {
  const { Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const gauges = fields.slice(2, 5).map((field) => {
    const name = `gpu_${field.replaceAll('.', '_')}`
    return new Gauge({ name, help: field, labelNames: ['uuid'], registers: [registry] })
  })
  return {
    set: (line: string) => {
      const [index = '', uuid = '', ...values] = line.split(', ')
      if (!/^\d+$/.test(index)) return
      for (const [at, gauge] of gauges.entries())
        gauge.set({ uuid }, Number.parseFloat(values[at] ?? ''))
    },
    render: () => registry.metrics(),
  }
}

async function serve(render: () => Promise<string | Buffer>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume()
    void render().then((text) => response.end(text))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  process.send?.(`http://127.0.0.1:${String((server.address() as AddressInfo).port)}`)
  process.on('disconnect', () => process.exit(0))
}

const role = process.argv[2] ?? ''
if (role in roles) await roles[role]?.()
else await bench(Number(role === '' ? 60 : role))

async function bench(seconds: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'rerankscope-bench-'))
  const control = join(folder, 'control')
  writeFileSync(control, 'gpus:8')
  const environment = { ...process.env, FAKE_NVIDIA_SMI: control }
  const page = await started('page', environment)
  const command = [pathOf('dist/cli.js'), 'sidecar', '--target', page.url, '--gpu', 'nvidia-smi']
  command.push('--nvidia-smi', nvidiaSmi, '--listen', '127.0.0.1:0', '--json')
  try {
    console.log(
      `8 GPUs at 1 Hz, a scrape every ${formatDuration(scrapeEverySeconds)}, ${String(seconds)} s each`,
    )
    for (const [name, more, resident] of [
      ['sidecar', [], budget.residentBytes],
      ['sidecar with OTLP', ['--otlp', page.url], budget.withOtlpBytes],
    ] as const) {
      const child = spawn(process.execPath, [...command, ...more], {
        env: environment,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
      const { url } = JSON.parse(line) as { url: string }
      show(name, await measure(child, `${url}/metrics`, seconds), resident)
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    }
    for (const name of ['prom-client', 'nvidia-smi a scrape']) {
      const other = await started(name, environment)
      show(name, await measure(other.child, other.url, seconds))
      other.child.disconnect()
    }
  } finally {
    page.child.disconnect()
    rmSync(folder, { recursive: true })
  }
}

async function started(name: string, env: NodeJS.ProcessEnv) {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [name], { env })
  const [url] = (await once(child, 'message')) as [string]
  return { child, url }
}

interface Cost {
  readonly coreRatio: number
  readonly residentBytes: number
  readonly peakBytes: number
  readonly scrapeSeconds: Float64Array
  readonly pageBytes: number
}

async function measure(child: ChildProcess, url: string, seconds: number): Promise<Cost> {
  const agent = new Agent({ keepAlive: true })
  const scrapeSeconds: number[] = []
  let pageBytes = 0
  const scrapeFor = async (duration: number) => {
    for (const end = now() + duration; now() < end;) {
      const begin = now()
      pageBytes = await scrape(url, agent)
      scrapeSeconds.push(now() - begin)
      await sleep(scrapeEverySeconds - (now() - begin))
    }
  }
  // Starting, and the first readings, are paid once.
  await scrapeFor(settleSeconds)
  scrapeSeconds.length = 0
  const [begin, cpuBefore] = [now(), cpuSecondsOf(child)]
  await scrapeFor(seconds)
  const coreRatio = (cpuSecondsOf(child) - cpuBefore) / (now() - begin)
  agent.destroy()
  const kilobytes = (name: string) => {
    const status = readFileSync(`/proc/${String(child.pid)}/status`, 'utf8')
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) * 1024
  }
  return {
    coreRatio,
    residentBytes: kilobytes('VmRSS'),
    peakBytes: kilobytes('VmHWM'),
    scrapeSeconds: sorted(scrapeSeconds),
    pageBytes,
  }
}

function scrape(url: string, agent: Agent): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { agent }, (response) => {
      let bytes = 0
      response.on('data', (chunk: Buffer) => (bytes += chunk.length))
      response.on('end', () => {
        resolve(bytes)
      })
    }).on('error', reject)
  })
}

/** User and system time of the process alone, in the 100 ticks a second of Linux. */
function cpuSecondsOf(child: ChildProcess): number {
  const stat = readFileSync(`/proc/${String(child.pid)}/stat`, 'utf8')
  const [user, system] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(user) + Number(system)) / 100
}

function show(name: string, cost: Cost, residentBudget?: number): void {
  const { coreRatio, residentBytes, peakBytes, scrapeSeconds, pageBytes } = cost
  const [p50 = NaN, p99 = NaN] = [0.5, 0.99].map((q) => percentile(scrapeSeconds, q))
  const of = (value: number, limit: number | undefined) =>
    limit === undefined ? '' : ` (${(value / limit).toFixed(2)} of its budget)`
  const ours = residentBudget !== undefined
  console.log(
    [
      name.padEnd(20),
      `core ${(coreRatio * 100).toFixed(2)} %${of(coreRatio, ours ? budget.coreRatio : undefined)}`,
      `RSS ${(residentBytes / 1e6).toFixed(1)} MB${of(residentBytes, residentBudget)}, peak ${(peakBytes / 1e6).toFixed(1)} MB`,
      `scrape of ${(pageBytes / 1000).toFixed(0)} kB p50 ${formatDuration(p50)}, p99 ${formatDuration(p99)}${of(p99, ours ? budget.scrapeSeconds : undefined)}`,
    ].join('  '),
  )
}

function now(): number {
  return performance.now() / 1000
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, seconds) * 1000))
}
