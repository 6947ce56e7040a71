/**
 * How exactly the load generator keeps its schedule, against bare sockets on the same machine, and
 * whether it tells the truth about a server that is too slow. The server runs in a process of its own, on the same machine.
 *
 *   npm run build && node dist/bench/loadgen.js [seconds] [repetitions]
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setPriority } from 'node:os'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import { formatDuration } from '../core/units.ts'
import { engines, type EngineMember } from '../loadgen/engines/index.ts'
import { Pacer } from '../loadgen/engines/pacer.ts'
import { lagSecondsOf, responseSecondsOf, sorted } from '../loadgen/measure/latency.ts'
import { percentile } from '../loadgen/measure/percentile.ts'
import { profiles, type Profile } from '../loadgen/plan/profiles.ts'
import { FixtureServer, type FixtureOptions } from '../test/loadgen/fixture-server.ts'
import { replayWith, steady } from '../test/loadgen/replay.ts'
import { bareSocketLags } from './bare-sockets.ts'
import { otherGenerators, type Reported } from './other-generators.ts'

const budget = { lagP99Seconds: 0.001, serialP50Seconds: 3.25, serialP95Seconds: 5.9 }
/** As `nice` counts. */
const serverPriority = 10
const smallBody = JSON.stringify({ query: 'q', texts: Array<string>(10).fill('text') })
const serial = { latencySeconds: 0.3, serial: true }

if (process.argv[2] === 'fixture') {
  const server = await FixtureServer.start(JSON.parse(process.argv[3] ?? '{}') as FixtureOptions)
  process.send?.(server.url)
  process.on('message', () => process.send?.(server.arrivals.map(({ seconds }) => seconds)))
  process.on('disconnect', () => process.exit(0))
} else {
  await bench(Number(process.argv[2] ?? 30), Number(process.argv[3] ?? 3))
}

/** What this machine does to a pacer that sends nothing: below it no engine can be. */
async function bareLag(periodSeconds: number, seconds: number): Promise<number> {
  const start = systemClock.monotonicSeconds() + 0.1
  const instants = Array.from(
    { length: Math.floor(seconds / periodSeconds) },
    (_, at) => start + at * periodSeconds,
  )
  const lags: number[] = []
  await new Pacer(systemClock).pace(instants, new AbortController().signal, {
    prepare: () => Promise.resolve(),
    fire: (at) => {
      lags.push(systemClock.monotonicSeconds() - (instants[at] ?? 0))
    },
  })
  return percentile(sorted(lags), 0.99) ?? Number.NaN
}

function rateOf({ arrivals }: Profile): number {
  return arrivals.kind === 'constant' ? arrivals.queriesPerSecond : Number.NaN
}

async function bench(seconds: number, repetitions: number): Promise<void> {
  for (const engine of engines) {
    const missing = await engine.find({ environment: process.env }).then(
      () => undefined,
      (error: unknown) => messageOf(error),
    )
    if (missing !== undefined) {
      console.log(`\n${engine.name}: skipped. ${missing}`)
      continue
    }
    console.log(`\n${engine.name}, ${String(repetitions)} runs of ${String(seconds)} s`)
    for (const profile of profiles.filter(({ name }) => name === 'low' || name === 'high')) {
      // The largest shape, about 120 KB a body, at the profile's own rhythm.
      await dispatchLag(engine, { ...profile, shapes: { documents: [50] } }, seconds, repetitions)
    }
    await gaps(engine.name, (url) =>
      replayWith(engine, url, { profile: steady(5), seconds: 12, warmUp: [] }),
    )
    await overload(engine.name, async (url) => {
      const { observations } = await replayWith(engine, url, {
        profile: steady(5),
        seconds: 12,
        warmUp: [],
      })
      const response = sorted(observations.map(responseSecondsOf))
      return {
        requests: observations.length,
        p50Seconds: percentile(response, 0.5),
        p95Seconds: percentile(response, 0.95),
      }
    })
  }
  for (const other of otherGenerators) {
    const { name } = other
    const offered = (url: string) =>
      other.run({ url: `${url}/rerank`, body: smallBody, requestsPerSecond: 5, seconds: 12 })
    console.log(`\n${name}`)
    await gaps(name, offered)
    await overload(name, offered)
  }
}

async function dispatchLag(
  engine: EngineMember,
  profile: Profile,
  seconds: number,
  repetitions: number,
): Promise<void> {
  const idleSeconds = await bareLag(profile.queriesPerBatch / rateOf(profile), seconds)
  const server = { latencySeconds: 0.05 }
  const ours: Float64Array[] = []
  const bare: Float64Array[] = []
  // In turn: what else the machine does, it does to both.
  for (let run = 0; run < repetitions; run += 1) {
    const { observations } = await against(server, (url) =>
      replayWith(engine, url, { profile, seconds }),
    )
    ours.push(sorted(observations.map(lagSecondsOf)))
    bare.push(sorted(await against(server, (url) => bareSocketLags(url, profile, seconds))))
  }
  for (const [name, q] of Object.entries({ p50: 0.5, p95: 0.95, p99: 0.99, max: 1 })) {
    const { middle, text } = spreadOf(ours, q)
    const ratio =
      name === 'p99'
        ? `  ${(middle / budget.lagP99Seconds).toFixed(2)} of its budget; ${formatDuration(idleSeconds)} with nothing to send`
        : ''
    console.log(
      `${profile.name.padEnd(5)} dispatch lag ${name.padEnd(4)} ${text}; bare sockets ${spreadOf(bare, q).text}${ratio}`,
    )
  }
}

/** A quantile of each run: the middle one, and from where to where they go. */
function spreadOf(runs: readonly Float64Array[], q: number) {
  const values = sorted(runs.map((lags) => percentile(lags, q) ?? Number.NaN))
  const [low, middle, high] = [0, 0.5, 1].map((at) => percentile(values, at) ?? Number.NaN)
  const text = `${formatDuration(middle ?? 0)} (${formatDuration(low ?? 0)} … ${formatDuration(high ?? 0)})`
  return { middle: middle ?? Number.NaN, text }
}

/** How evenly 5 requests/s arrive at a server that keeps up, as the server sees it. */
async function gaps(name: string, offer: (url: string) => Promise<unknown>): Promise<void> {
  const wanted = 0.2
  const arrivals = await against({ latencySeconds: 0.05 }, async (url, arrivalsOf) => {
    await offer(url)
    return arrivalsOf()
  })
  const off = sorted(arrivals.slice(1).map((at, k) => Math.abs(at - (arrivals[k] ?? 0) - wanted)))
  const figure = (q: number) => formatDuration(percentile(off, q) ?? Number.NaN)
  console.log(
    `${name}: gaps between arrivals are off 200 ms by p50 ${figure(0.5)}, p95 ${figure(0.95)}, at most ${figure(1)}`,
  )
}

/** A server of 3.3 requests/s, offered 5/s for 12 s: the k-th answer takes 0.3 + 0.1·k s. */
async function overload(name: string, offer: (url: string) => Promise<Reported>): Promise<void> {
  const { requests, p50Seconds, p95Seconds } = await against(serial, offer)
  const figure = (quantile: string, value: number | undefined, truth: number) =>
    value === undefined
      ? `no ${quantile}`
      : `${quantile} ${formatDuration(value)} (${(value / truth).toFixed(3)} of the truth)`
  console.log(
    `${name}: of 60 requests in overload it reports ${String(requests)}, ${figure('p50', p50Seconds, budget.serialP50Seconds)}, ${figure('p95', p95Seconds, budget.serialP95Seconds)}`,
  )
}

async function against<T>(
  options: FixtureOptions,
  use: (url: string, arrivals: () => Promise<readonly number[]>) => Promise<T>,
): Promise<T> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), [
    'fixture',
    JSON.stringify(options),
  ])
  // A server is another machine; here it would push the generator off its core when a request wakes it.
  setPriority(child.pid ?? 0, serverPriority)
  try {
    const [url] = (await once(child, 'message')) as [string]
    return await use(url, async () => {
      child.send('arrivals')
      const [arrivals] = (await once(child, 'message')) as [readonly number[]]
      return arrivals
    })
  } finally {
    child.disconnect()
  }
}
