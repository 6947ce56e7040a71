import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { stringify } from 'yaml'
import { z } from 'zod'

const loopback = '127.0.0.1'

async function listen(server: Server): Promise<string> {
  server.listen(0, loopback)
  await once(server, 'listening')
  return `${loopback}:${String((server.address() as AddressInfo).port)}`
}

/** A port that was free a moment ago, for programs that cannot be given 0. */
export async function freePort(): Promise<number> {
  const server = createServer()
  const address = await listen(server)
  server.close()
  return Number(address.split(':')[1])
}

async function bodyOf(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const notification = z.object({
  status: z.string(),
  alerts: z.array(z.object({ status: z.string(), labels: z.record(z.string(), z.string()) })),
})

/** Whoever is on call: gets what Alertmanager sends. */
export async function startPager() {
  const received: { readonly name: string; readonly status: string }[] = []
  const server = createServer((request, response) => {
    void (async () => {
      const { alerts } = notification.parse(JSON.parse((await bodyOf(request)).toString()))
      received.push(
        ...alerts.map(({ status, labels }) => ({ name: labels['alertname'] ?? '', status })),
      )
      response.end()
    })()
  })
  const address = await listen(server)
  return { received, url: `http://${address}`, close: () => server.close() }
}

/** A program from Debian that answers `/-/ready` once it works; its last words are kept for the failure. */
export class Daemon {
  readonly #child: ChildProcess
  readonly url: string
  #words = ''

  constructor(program: string, programArguments: readonly string[], address: string) {
    this.url = `http://${address}`
    this.#child = spawn(program, programArguments, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (chunk: string) => {
        this.#words = (this.#words + chunk).slice(-4000)
      })
    }
  }

  async ready(): Promise<void> {
    for (let waited = 0; waited < 60; waited += 0.2) {
      const answer = await fetch(`${this.url}/-/ready`).catch(() => undefined)
      if (answer?.ok === true) return
      if (this.#child.exitCode !== null) break
      await sleep(200)
    }
    throw new Error(`not ready: ${this.#words}`)
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const ended = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await ended
  }
}

/** Debian's Alertmanager with our inhibitions, which sends everything to `pagerUrl` at once. */
export async function startAlertmanager(options: {
  readonly folder: string
  readonly inhibitRules: unknown
  readonly pagerUrl: string
}): Promise<Daemon> {
  const { folder, inhibitRules, pagerUrl } = options
  const file = join(folder, 'alertmanager.yaml')
  writeFileSync(
    file,
    stringify({
      route: { receiver: 'pager', group_by: ['...'], group_wait: '1s', group_interval: '5s' },
      receivers: [{ name: 'pager', webhook_configs: [{ url: pagerUrl, send_resolved: true }] }],
      inhibit_rules: inhibitRules,
    }),
  )
  const address = `${loopback}:${String(await freePort())}`
  return new Daemon(
    'prometheus-alertmanager',
    [
      `--config.file=${file}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${address}`,
      '--cluster.listen-address=',
      '--log.level=warn',
    ],
    address,
  )
}

/** Debian's Prometheus: the sidecars under their job, the collector's page as it is, and rule files. */
export async function startPrometheus(options: {
  readonly folder: string
  readonly job: string
  readonly sidecars: readonly string[]
  readonly collector: string
  readonly alertmanager: string
  readonly ruleFiles: readonly string[]
  readonly scrapeSeconds: number
}): Promise<Daemon> {
  const { folder, job, sidecars, collector, alertmanager, ruleFiles, scrapeSeconds } = options
  const file = join(folder, 'prometheus.yaml')
  const targets = (...addresses: readonly string[]) => ({
    static_configs: [{ targets: addresses }],
  })
  writeFileSync(
    file,
    stringify({
      global: { scrape_interval: `${String(scrapeSeconds)}s`, evaluation_interval: '15s' },
      rule_files: ruleFiles,
      alerting: { alertmanagers: [targets(alertmanager)] },
      scrape_configs: [
        { job_name: job, ...targets(...sidecars) },
        { job_name: 'collector', honor_labels: true, ...targets(collector) },
      ],
    }),
  )
  const address = `${loopback}:${String(await freePort())}`
  return new Daemon(
    'prometheus',
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'prometheus')}`,
      `--web.listen-address=${address}`,
      '--log.level=warn',
    ],
    address,
  )
}
