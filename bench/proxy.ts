/**
 * What the sidecar's proxy adds to a request, against asking the same server without it, and what
 * the least that can stand between adds: two sockets piped into each other, which is the floor.
 * Server and proxies run in processes of their own, on the same machine; blocks of all take turns.
 *
 *   npm run build && node dist/bench/proxy.js [seconds a block] [pairs of blocks]
 */
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, createServer, type AddressInfo } from 'node:net'
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
} else if (process.argv[2] === 'bare') {
  const { hostname, port } = new URL(process.argv[3] ?? '')
  const relay = createServer({ noDelay: true }, (client) => {
    const target = connect({ host: hostname, port: Number(port), noDelay: true })
    client.pipe(target).pipe(client)
  })
  relay.listen(0, '127.0.0.1', () => {
    process.send?.(`http://127.0.0.1:${String((relay.address() as AddressInfo).port)}`)
  })
  process.on('disconnect', () => process.exit(0))
} else {
  await bench(Number(process.argv[2] ?? 10), Number(process.argv[3] ?? 3))
}

async function bench(seconds: number, rounds: number): Promise<void> {
  const server = await forked('fixture')
  const bare = await forked('bare', server.url)
  const { proxy, proxyUrl } = await proxyBefore(server.url)
  const ways = { without: server.url, 'bare pipe': bare.url, proxy: proxyUrl }
  try {
    console.log(
      `${String(requestsPerSecond)} requests/s of ${String(bodyBytes)} bytes, ${String(rounds)} rounds of ${String(seconds)} s each way\n`,
    )
    for (const url of Object.values(ways)) await block(url, 2)
    const measured: Record<keyof typeof ways, ReturnType<typeof sorted>>[] = []
    for (let round = 0; round < rounds; round += 1) {
      const durations = {
        without: await block(ways.without, seconds),
        'bare pipe': await block(ways['bare pipe'], seconds),
        proxy: await block(ways.proxy, seconds),
      }
      measured.push(durations)
      for (const [way, values] of Object.entries(durations)) {
        const [p50, p99] = [0.5, 0.99].map((q) => formatDuration(percentile(values, q) ?? NaN))
        console.log(`${way.padEnd(10)} p50 ${String(p50)}, p99 ${String(p99)}`)
      }
    }
    for (const [name, q, limitSeconds] of [
      ['p50', 0.5, budget.p50Seconds],
      ['p99', 0.99, budget.p99Seconds],
    ] as const) {
      const addedBy = (way: keyof typeof ways) =>
        measured.map(
          (all) => (percentile(all[way], q) ?? NaN) - (percentile(all.without, q) ?? NaN),
        )
      say(`bare pipe adds to ${name}`, addedBy('bare pipe'))
      say(`proxy adds to ${name}`, addedBy('proxy'), limitSeconds)
    }
  } finally {
    proxy.kill()
    bare.process.disconnect()
    server.process.disconnect()
  }
}

async function forked(...args: readonly string[]): Promise<{ process: ChildProcess; url: string }> {
  const child = fork(fileURLToPath(import.meta.url), args)
  const [url] = (await once(child, 'message')) as [string]
  return { process: child, url }
}

function say(name: string, values: readonly number[], limitSeconds?: number): void {
  const all = sorted(values)
  const middle = percentile(all, 0.5) ?? Number.NaN
  const range = [all[0], all.at(-1)].map((value) => formatDuration(value ?? Number.NaN)).join(' … ')
  const verdict =
    limitSeconds === undefined
      ? ''
      : `, budget ${formatDuration(limitSeconds)}: ${middle <= limitSeconds ? 'kept' : 'missed'}`
  console.log(`${name}: ${formatDuration(middle)} (${range})${verdict}`)
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
