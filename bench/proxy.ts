/**
 * What the sidecar's proxy adds to a request, against asking the same server without it. Server and
 * proxy run in processes of their own, on the same machine; blocks of both take turns.
 *
 *   npm run build && node dist/bench/proxy.js [seconds a block] [pairs of blocks]
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../core/clock.ts'
import { formatDuration } from '../core/units.ts'
import { Pacer } from '../loadgen/engines/pacer.ts'
import { sorted } from '../loadgen/measure/latency.ts'
import { percentile } from '../loadgen/measure/percentile.ts'
import { FixtureServer } from '../test/loadgen/fixture-server.ts'

/** Contract §6. */
const budget = { p50Seconds: 0.0005, p99Seconds: 0.002 }
const requestsPerSecond = 200
const bodyBytes = 30_000

if (process.argv[2] === 'fixture') {
  const server = await FixtureServer.start({})
  process.send?.(server.url)
  process.on('disconnect', () => process.exit(0))
} else {
  await bench(Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 3))
}

async function bench(seconds: number, pairs: number): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url), ['fixture'])
  const [serverUrl] = (await once(server, 'message')) as [string]
  const { proxy, proxyUrl } = await proxyBefore(serverUrl)
  try {
    console.log(
      `${String(requestsPerSecond)} requests/s of ${String(bodyBytes)} bytes, ${String(pairs)} pairs of ${String(seconds)} s\n`,
    )
    await block(serverUrl, 2)
    await block(proxyUrl, 2)
    const added = { p50: [] as number[], p99: [] as number[] }
    for (let pair = 0; pair < pairs; pair += 1) {
      const direct = await block(serverUrl, seconds)
      const proxied = await block(proxyUrl, seconds)
      for (const [name, q] of [
        ['p50', 0.5],
        ['p99', 0.99],
      ] as const) {
        const without = percentile(direct, q) ?? Number.NaN
        const through = percentile(proxied, q) ?? Number.NaN
        added[name].push(through - without)
        console.log(
          `${name}: ${formatDuration(without)} without, ${formatDuration(through)} through`,
        )
      }
    }
    say('p50', added.p50, budget.p50Seconds)
    say('p99', added.p99, budget.p99Seconds)
  } finally {
    proxy.kill()
    server.disconnect()
  }
}

function say(name: string, values: readonly number[], limitSeconds: number): void {
  const all = sorted(values)
  const middle = percentile(all, 0.5) ?? Number.NaN
  const range = [all[0], all.at(-1)].map((value) => formatDuration(value ?? Number.NaN)).join(' … ')
  console.log(
    `added to ${name}: ${formatDuration(middle)} (${range}), budget ${formatDuration(limitSeconds)}: ${middle <= limitSeconds ? 'kept' : 'missed'}`,
  )
}

async function proxyBefore(
  target: string,
): Promise<{ readonly proxy: ChildProcess; readonly proxyUrl: string }> {
  const cli = fileURLToPath(new URL('../cli.js', import.meta.url))
  const options = ['--server', 'none', '--gpu', 'none', '--listen', '127.0.0.1:0', '--json']
  const proxy = spawn(
    process.execPath,
    [cli, 'sidecar', '--target', target, '--proxy', '127.0.0.1:0', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [line] = (await once(createInterface(proxy.stdout), 'line')) as [string]
  const { proxyUrl } = JSON.parse(line) as { proxyUrl: string }
  return { proxy, proxyUrl }
}

/** Durations of the requests of one block, in rising order. */
async function block(url: string, seconds: number): Promise<ReturnType<typeof sorted>> {
  const agent = new Agent({ keepAlive: true })
  const body = Buffer.from(
    JSON.stringify({
      query: 'q',
      texts: Array.from({ length: 30 }, () => 'x'.repeat(bodyBytes / 30)),
    }),
  )
  const start = systemClock.monotonicSeconds() + 0.1
  const instants = Array.from(
    { length: seconds * requestsPerSecond },
    (_, at) => start + at / requestsPerSecond,
  )
  const durations: Promise<number>[] = []
  await new Pacer(systemClock).pace(instants, new AbortController().signal, {
    prepare: () => Promise.resolve(),
    fire: () => {
      durations.push(one(`${url}/rerank`, agent, body))
    },
  })
  const all = await Promise.all(durations)
  agent.destroy()
  return sorted(all)
}

function one(url: string, agent: Agent, body: Buffer): Promise<number> {
  const sent = systemClock.monotonicSeconds()
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length }
    request(url, { agent, method: 'POST', headers }, (response) => {
      response.resume()
      response.once('end', () => {
        resolve(systemClock.monotonicSeconds() - sent)
      })
    })
      .once('error', reject)
      .end(body)
  })
}
