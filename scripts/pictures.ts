import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { chromium } from 'playwright-core'
import { stringify } from 'yaml'
import { alertDefaults } from '../alerts/index.ts'
import { startProgram, untilReady, type RunningProgram } from '../commands/children.ts'
import { systemClock } from '../core/clock.ts'
import { compiledModule, packageFile } from '../core/program.ts'
import { parseTargetUrl } from '../core/target-url.ts'
import { shippedBoards, stillPreview } from '../dashboards/index.ts'
import { startCollector } from './collector.ts'

/**
 * The pictures of the boards in docs/images, from a real run: reference server, sidecar with an
 * emulated GPU, a Prometheus that scrapes them with our alert rules, and load. Needs `prometheus` and
 * Chromium (Debian: `apt-get install prometheus chromium`), and about `--seconds` × 4.
 *
 *   npm run build && node dist/scripts/pictures.js
 */
const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: packageFile('docs/images') },
    seconds: { type: 'string', default: '75' },
    chromium: { type: 'string', default: '/usr/bin/chromium' },
  },
})
const phaseSeconds = Number(options.seconds)
const scrapeSeconds = 5
const width = 1440

const scratch = mkdtempSync(join(tmpdir(), 'rerankscope-pictures-'))
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stop.abort()
  })
const running: (() => unknown)[] = [
  () => {
    rmSync(scratch, { recursive: true, force: true })
  },
]
const context = { clock: systemClock, signal: stop.signal }

async function ours(...words: readonly string[]): Promise<RunningProgram> {
  const program = await startProgram(words, context)
  running.push(() => program.stop())
  return program
}

/** Scrapes the sidecar and the collector; its storage is gone afterwards. */
async function startPrometheus(sidecar: string, collector: string): Promise<string> {
  const target = (job: string, url: string) => ({
    job_name: job,
    // A run's own labels stand: it is its instance, not the collector.
    honor_labels: true,
    static_configs: [{ targets: [new URL(url).host] }],
  })
  const config = join(scratch, 'prometheus.yaml')
  writeFileSync(
    config,
    stringify({
      global: {
        scrape_interval: `${String(scrapeSeconds)}s`,
        evaluation_interval: `${String(scrapeSeconds)}s`,
      },
      rule_files: [packageFile('alerts/generated/prometheus-rules.yaml')],
      scrape_configs: [target(alertDefaults.job, sidecar), target('collector', collector)],
    }),
  )
  const port = 20_000 + (process.pid % 10_000)
  const url = `http://127.0.0.1:${String(port)}`
  const child = spawn(
    'prometheus',
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${join(scratch, 'data')}`,
      `--web.listen-address=127.0.0.1:${String(port)}`,
    ],
    { stdio: 'ignore' },
  )
  running.push(async () => {
    child.kill()
    await once(child, 'exit')
  })
  await untilReady(`${url}/-/ready`, context)
  return url
}

/** Offers load and waits for its end; a run that is INVALID on a busy machine is load all the same. */
async function load(run: string, ...words: readonly string[]): Promise<void> {
  const child = spawn(
    process.execPath,
    [
      ...[compiledModule('cli.js'), 'load', ...words],
      ...['--seconds', String(phaseSeconds), '--out', join(scratch, run)],
    ],
    // Without a name of its own a run is called by its machine, and runs could not be told apart.
    {
      stdio: 'ignore',
      env: { ...process.env, OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=${run}` },
    },
  )
  running.push(() => child.kill())
  await once(child, 'exit')
}

/** An emulated GPU has no power, heat and clocks: rows without any value are left out of a picture. */
const withoutBareRows = `document.querySelectorAll('.board').forEach((board) => {
  if (board.querySelector('[data-state="drawn"]')) return
  board.previousElementSibling.remove()
  board.remove()
})`

async function takePictures(prometheus: string, fromSeconds: number): Promise<void> {
  const toSeconds = systemClock.wallSeconds()
  const browser = await chromium.launch({
    executablePath: options.chromium,
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  running.push(() => browser.close())
  for (const board of shippedBoards()) {
    const { html, panels } = await stillPreview({
      ...{ board, fromSeconds, toSeconds, scrapeSeconds },
      prometheus: parseTargetUrl(prometheus, '--prometheus'),
      signal: stop.signal,
    })
    const page = await browser.newPage({ viewport: { width, height: 800 } })
    await page.setContent(html)
    await page.locator('html[data-drawn]').waitFor({ state: 'attached' })
    await page.evaluate(withoutBareRows)
    const path = join(options.out, `dashboard-${board.name}.png`)
    await page.screenshot({ path, fullPage: true })
    await page.close()
    const empty = panels.filter(({ state }) => state !== 'drawn')
    const words = empty.map(({ title, state }) => `${title} (${state})`).join(', ')
    console.log(
      `${path}: ${String(panels.length)} panels${words === '' ? '' : `; not drawn: ${words}`}`,
    )
  }
}

if (spawnSync('prometheus', ['--version']).error !== undefined) {
  throw new Error('prometheus is not on PATH: install it (Debian: apt-get install prometheus).')
}
try {
  const server = await ours('serve', '--port', '0')
  await untilReady(`${server.url}/health`, context)
  const sidecar = await ours(
    ...['sidecar', '--target', server.url, '--gpu', 'emulated', '--listen', '127.0.0.1:0'],
  )
  const collector = await startCollector()
  running.push(() => {
    collector.close()
  })
  const prometheus = await startPrometheus(sidecar.url, collector.url)
  const fromSeconds = systemClock.wallSeconds()
  const common = ['--target', server.url, '--sidecar', sidecar.url, '--otlp', collector.url]
  await load('steady', ...common, '--profile', 'low')
  await systemClock.sleep(phaseSeconds / 5, stop.signal)
  const saturate = ['--mode', 'saturate', '--concurrency', '16']
  await load('the-most', ...common, '--profile', 'high', ...saturate)
  await systemClock.sleep(phaseSeconds / 5, stop.signal)
  // Half of the profile's rate: a board that is red all over shows little.
  await load('batches', ...common, '--profile', 'high', '--rate-scale', '0.5')
  await takePictures(prometheus, fromSeconds)
} finally {
  for (const end of running.reverse()) await end()
}
