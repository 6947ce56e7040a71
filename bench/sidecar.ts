/**
 * What the sidecar costs beside a server, and what other ways to the same figures cost: 8 GPUs at 1 Hz,
 * a reranker's page, a scrape a second. The ways run by turns, each in a fresh process, and every
 * figure is the middle of the runs with the least and the greatest. The nvidia-smi is the fake of the
 * tests; what it costs itself is not counted, only what each way spends in its own process.
 *
 *   npm run build && node dist/bench/sidecar.js [seconds a run] [runs]
 *
 * Two controls say how far a figure can be trusted. `bare server` answers the same bytes and does
 * nothing else: the floor of Node.js. The line at the end is how late an idle process woke up meanwhile:
 * no scrape can be faster than the machine.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { formatDuration } from '../core/units.ts'
import { sorted } from '../loadgen/measure/latency.ts'
import { percentile } from '../loadgen/measure/percentile.ts'
import { costOf, scrape, scrapeEverySeconds, sleep, type Cost } from './sidecar/cost.ts'
import { roles, type Setting } from './sidecar/ways.ts'

const budget = { coreRatio: 0.01, residentBytes: 80e6, withOtlpBytes: 110e6, scrapeSeconds: 0.005 }
const root = new URL(import.meta.url.includes('/dist/') ? '../../' : '../', import.meta.url)
const pathOf = (file: string) => fileURLToPath(new URL(file, root))
const nvidiaSmi = pathOf('test/fixtures/bin/nvidia-smi')

interface Running {
  readonly pid: number
  readonly url: string
  readonly ask: () => Promise<unknown>
  readonly stop: () => Promise<void>
}

async function startRole(name: string, file: string): Promise<Running> {
  const child = fork(fileURLToPath(import.meta.url), [name, file])
  const [url] = (await once(child, 'message')) as [string]
  return {
    pid: child.pid ?? 0,
    url,
    ask: async () => {
      child.send('how late?')
      const [answer] = (await once(child, 'message')) as [unknown]
      return answer
    },
    stop: async () => {
      const ended = once(child, 'exit')
      child.disconnect()
      await ended
    },
  }
}

async function startSidecar(target: string, more: readonly string[]): Promise<Running> {
  const command = [pathOf('dist/cli.js'), 'sidecar', '--target', target, '--gpu', 'nvidia-smi']
  command.push('--nvidia-smi', nvidiaSmi, '--listen', '127.0.0.1:0', '--json', ...more)
  const child = spawn(process.execPath, command, { stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
  const { url } = JSON.parse(line) as { url: string }
  return {
    pid: child.pid ?? 0,
    url: `${url}/metrics`,
    ask: () => Promise.resolve(undefined),
    stop: async () => {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function bench(seconds: number, runs: number, folder: string): Promise<void> {
  const file = join(folder, 'setting.json')
  const write = (setting: Setting) => {
    writeFileSync(file, JSON.stringify(setting))
  }
  process.env['FAKE_NVIDIA_SMI'] = join(folder, 'control')
  writeFileSync(process.env['FAKE_NVIDIA_SMI'], 'gpus:8')
  const golden = readFileSync(pathOf('test/golden/sidecar.metrics.txt'), 'utf8')
  write({ page: golden, target: '', nvidiaSmi })
  const reranker = await startRole('bare server', file)
  try {
    const sample = await startSidecar(reranker.url, [])
    await sleep(3)
    const page = String(await scrape(sample.url))
    await sample.stop()
    write({ page, target: reranker.url, nvidiaSmi })
    const ways: readonly (readonly [string, () => Promise<Running>])[] = [
      ['sidecar', () => startSidecar(reranker.url, [])],
      ['sidecar with OTLP', () => startSidecar(reranker.url, ['--otlp', reranker.url])],
      ...Object.keys(roles).map((name) => [name, () => startRole(name, file)] as const),
    ]
    const costs = new Map<string, Cost[]>(ways.map(([name]) => [name, []]))
    const late: number[] = []
    for (let run = 0; run < runs; run += 1) {
      // Another one begins each time: what the machine does at a moment must not stay with one way.
      for (const at of ways.keys()) {
        const [name, start] = ways[(at + run) % ways.length] ?? []
        if (name === undefined || start === undefined) continue
        await reranker.ask()
        const running = await start()
        costs.get(name)?.push(await costOf(running.pid, running.url, seconds))
        await running.stop()
        late.push(Number(await reranker.ask()))
      }
    }
    console.log(
      `8 GPUs at 1 Hz, a scrape every ${formatDuration(scrapeEverySeconds)}, ${String(runs)} runs of ${String(seconds)} s each, by turns`,
    )
    for (const [name, all] of costs) show(name, all)
    console.log(
      `an idle process woke up late by p99 ${spread(late, formatDuration)}; load ${loadavg()[0]?.toFixed(1) ?? ''} at the end`,
    )
  } finally {
    await reranker.stop()
    rmSync(folder, { recursive: true })
  }
}

/** The middle of `values`, the least and the greatest. */
function spread(values: readonly number[], format: (value: number) => string): string {
  const [low = NaN, middle = NaN, high = NaN] = [0, 0.5, 1].map((q) =>
    percentile(sorted(values), q),
  )
  return `${format(middle)} (${format(low)} … ${format(high)})`
}

function show(name: string, costs: readonly Cost[]): void {
  const ours = name.startsWith('sidecar')
  const resident = name === 'sidecar' ? budget.residentBytes : budget.withOtlpBytes
  const column = (
    what: string,
    values: readonly number[],
    format: (value: number) => string,
    limit?: number,
  ) => {
    const ratio = (percentile(sorted(values), 0.5) ?? NaN) / (limit ?? NaN)
    const part = ours && limit !== undefined ? `, ${ratio.toFixed(2)} of its budget` : ''
    return `${what} ${spread(values, format)}${part}`
  }
  const quantiles = (q: number) =>
    costs.map(({ scrapeSeconds }) => percentile(sorted(scrapeSeconds), q) ?? NaN)
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`
  const cores = costs.map(({ coreRatio }) => coreRatio)
  const bytes = costs.map(({ residentBytes }) => residentBytes)
  console.log(
    [
      `${name} (a page of ${((costs[0]?.pageBytes ?? 0) / 1000).toFixed(0)} kB)`,
      column('core', cores, (ratio) => `${(ratio * 100).toFixed(2)} %`, budget.coreRatio),
      `${column('RSS', bytes, megabytes, resident)}; peak ${megabytes(Math.max(...costs.map(({ peakBytes }) => peakBytes)))}`,
      column('scrape p50', quantiles(0.5), formatDuration),
      column('scrape p99', quantiles(0.99), formatDuration, budget.scrapeSeconds),
    ].join('\n  '),
  )
}

const [, , first = '', second = ''] = process.argv
if (first in roles) await roles[first]?.(JSON.parse(readFileSync(second, 'utf8')) as Setting)
else await bench(Number(first || 30), Number(second || 3), mkdtempSync(join(tmpdir(), 'bench-')))
