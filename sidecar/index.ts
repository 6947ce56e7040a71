import type { Clock } from '../core/clock.ts'
import { PrometheusRenderer, ReadingProducer } from '../core/exposition.ts'
import { otlpTargetOf, startOtlp } from '../core/otlp.ts'
import type { Policy } from '../core/policy.ts'
import { resourceOf } from '../core/resource.ts'
import type { GpuSample, ServingSample, Snapshot } from '../core/snapshot.ts'
import { Deployment } from './aggregate/deployment.ts'
import { readingsOf } from './export/readings.ts'
import { hardwareReadings } from './export/hardware.ts'
import { listen } from './export/listen.ts'
import { MetricsPage } from './export/metrics-page.ts'
import { Live } from './export/page/live.ts'
import { close, createServer } from './export/server.ts'
import { Picture } from './picture.ts'
import { freshIntervals, Poll } from './poll.ts'
import type { WebAccess } from './export/web/index.ts'
import type { Proxy, ProxyOptions } from './proxy/index.ts'
import { gpuSourceOf, servingSourceOf } from './sources/index.ts'
import type { Inventory, SourceEnvironment } from './sources/source.ts'
import { Target } from './target.ts'

export { gpuChoices, serverChoices } from './sources/index.ts'

/** Faster than this the driver is disturbed by being asked. */
export const minimumIntervalSeconds = 0.25

export const defaultInventorySeconds = 60

export interface Address {
  readonly host: string
  /** 0: any free one. */
  readonly port: number
}

export interface SidecarOptions {
  /** May hold credentials, which are shown nowhere. Undefined: GPUs alone. */
  readonly target: string | undefined
  /** Where its metrics are; undefined: under `/metrics` of the target. */
  readonly metrics?: string | undefined
  /** The model to watch where the target serves several. */
  readonly model?: string | undefined
  /** One of `serverChoices`. */
  readonly server: string
  /** One of `gpuChoices`. */
  readonly gpu: string
  /** The target's GPUs, by index or uuid; undefined: found out, or all. */
  readonly gpuDevices?: readonly string[] | undefined
  readonly listen: Address
  /** Where clients reach the target through the proxy; undefined: no proxy. */
  readonly proxy?: Address | undefined
  /** What the proxy writes down of what passes. */
  readonly record?: ProxyOptions['record']
  readonly intervalSeconds: number
  /** How often the inventory is read, which costs the driver more; 0: never. */
  readonly inventorySeconds?: number
  readonly policy: Policy
  /** Where to push over OTLP; undefined: where the environment says, if it does. */
  readonly otlp: string | undefined
  /** One of `otlpProtocols`; undefined: what the environment says, or http/protobuf. */
  readonly otlpProtocol?: string | undefined
  /** Whether OpenTelemetry's own names for GPUs are pushed as well. */
  readonly hardwareNames?: boolean
  /** The web config file, and what reads what it holds; undefined: plain HTTP, open to whoever reaches it. */
  readonly web: { readonly path: string; readonly read: () => unknown } | undefined
  readonly nvidiaSmi: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Sentences for the person who runs it: no secret in them. */
  readonly onTrouble: (sentence: string) => void
}

export interface Sidecar {
  readonly url: string
  /** Where clients reach the target through the proxy. */
  readonly proxyUrl: string | undefined
  snapshot(): Snapshot
  /** Closes every source, answers what was accepted, leaves no process behind. */
  stop(): Promise<void>
}

/**
 * Starts reading and listening. Rejects with a `UserError` for options that cannot work and for an
 * address that cannot be had; a target or a GPU that does not answer is no error but a source that
 * is down.
 */
export async function startSidecar(options: SidecarOptions, clock: Clock): Promise<Sidecar> {
  const { intervalSeconds, policy, version } = options
  const target =
    options.target === undefined ? undefined : new Target(options.target, options.metrics)
  const otlpTarget = otlpTargetOf(
    { url: options.otlp, protocol: options.otlpProtocol },
    options.environment,
  )
  const environment: SourceEnvironment = { ...options, clock, target }
  const deployment = new Deployment({
    target: target?.url ?? 'none',
    policy,
    intervalSeconds,
    freshSeconds: freshIntervals * intervalSeconds,
    gpuDevices: options.gpuDevices,
  })
  const controller = new AbortController()
  const tell: Listeners = {
    onTurn: (sentence) => {
      // A source that is cut off by the end of the program is not down.
      if (!controller.signal.aborted) options.onTrouble(sentence)
    },
    onAttempt: () => void metrics.prepare(untilNext(polls, clock.monotonicSeconds())),
  }
  const polls = await pollsOf(options, environment, deployment, tell)
  // Before anything listens: a mistake in its file must leave nothing open.
  const web = await webOf(options)
  const proxy = await proxyOf(options, clock)
  if (proxy !== undefined) polls.push(proxyPoll(proxy, environment, deployment, tell))
  const snapshot = pictureOf(deployment, polls, proxy, clock)
  const { scraped, pushed } = producersOf(options, snapshot, clock)
  const live = new Live({ clock, snapshot, intervalSeconds, policy, version })
  const renderer = new PrometheusRenderer(scraped)
  const metrics = new MetricsPage({
    render: () => renderer.render(),
    picture: snapshot,
    nowSeconds: () => clock.monotonicSeconds(),
  })
  const server = createServer({
    metrics,
    snapshot,
    ready: () => polls.every((poll) => poll.attempts > 0),
    live,
    clock,
    web,
  })
  // Before anything is started: a port in use must leave no process behind.
  const url = await listen(server, options.listen).catch(async (error: unknown) => {
    await proxy?.close()
    throw error
  })
  const otlp =
    otlpTarget &&
    (await startOtlp({ target: otlpTarget, producer: pushed, onTrouble: options.onTrouble }))
  const running = Promise.all([
    ...polls.map((poll) => poll.run(controller.signal)),
    live.run(controller.signal),
    web?.watch(server, { clock, stop: controller.signal, onTrouble: options.onTrouble }),
  ])
  return {
    url,
    proxyUrl: proxy?.url,
    snapshot,
    stop: async () => {
      // Traffic first: what is being answered shall end, and be counted.
      await proxy?.close()
      controller.abort()
      await running
      target?.close()
      await Promise.all([close(server, clock), otlp?.shutdown()])
    },
  }
}

/** These two are loaded only where they are asked for: who only watches carries neither. */
async function proxyOf(options: SidecarOptions, clock: Clock): Promise<Proxy | undefined> {
  const { proxy: listen, target, record, version, onTrouble } = options
  if (listen === undefined || target === undefined) return undefined
  const { startProxy } = await import('./proxy/index.ts')
  return startProxy({ listen, target, record, version, clock, onTrouble })
}

async function webOf({ web }: SidecarOptions): Promise<WebAccess | undefined> {
  if (web === undefined) return undefined
  const { WebAccess } = await import('./export/web/index.ts')
  return new WebAccess(web.path, web.read)
}

function proxyPoll(
  { source }: Proxy,
  { clock, intervalSeconds }: SourceEnvironment,
  deployment: Deployment,
  { onAttempt }: Listeners,
): Poll<ServingSample> {
  const onReading = deployment.addProxied.bind(deployment)
  return new Poll({ source, clock, intervalSeconds, onReading, onAttempt })
}

/** A reading and a scrape that are due together may come in either order. */
const jitterSeconds = 0.05

/** How long nothing new is to be expected: no source is due before. */
function untilNext(polls: readonly AnyPoll[], nowSeconds: number): number {
  const due = polls.flatMap(({ dueSeconds = 0 }) => (dueSeconds > nowSeconds ? [dueSeconds] : []))
  return Math.min(...due) - nowSeconds + jitterSeconds
}

/** What is known now, taken anew when that may have changed. */
function pictureOf(
  deployment: Deployment,
  polls: readonly AnyPoll[],
  proxy: Proxy | undefined,
  clock: Clock,
): () => Snapshot {
  return new Picture({
    clock,
    take: () =>
      deployment.snapshot(
        clock.monotonicSeconds(),
        clock.wallSeconds(),
        polls.map((poll) => poll.health()),
        proxy?.state(),
      ),
    attempts: () => polls.reduce((total, poll) => total + poll.attempts, 0),
    trueUntilSeconds: (now) =>
      Math.min(
        deployment.trueUntilSeconds(now),
        ...polls.flatMap(({ upUntilSeconds: end = -Infinity }) => (end >= now ? [end] : [])),
      ),
  }).current
}

/** What is scraped and what is pushed: the same names, and over OTLP on request those of `hw.*` too. */
function producersOf(
  { environment, version, policy, listen: { port }, hardwareNames }: SidecarOptions,
  snapshot: () => Snapshot,
  clock: Clock,
): { readonly scraped: ReadingProducer; readonly pushed: ReadingProducer } {
  const readings = () => readingsOf(snapshot(), { policy, version })
  const common = {
    resource: resourceOf({
      ...{ environment, version },
      service: 'rerankscope-sidecar',
      instance: String(port),
    }),
    wallSeconds: () => clock.wallSeconds(),
  }
  const scraped = new ReadingProducer({ ...common, readings })
  const both = () => [...readings(), ...hardwareReadings(snapshot())]
  return {
    scraped,
    pushed: hardwareNames === true ? new ReadingProducer({ ...common, readings: both }) : scraped,
  }
}

/** One for each source that was asked for. */
async function pollsOf(
  options: Pick<SidecarOptions, 'gpu' | 'server' | 'inventorySeconds'>,
  environment: SourceEnvironment,
  deployment: Deployment,
  tell: Listeners,
): Promise<AnyPoll[]> {
  const { clock, intervalSeconds } = environment
  const common = { clock, intervalSeconds, ...tell }
  const { source, inventory } = gpuSourceOf(options.gpu, environment)
  const serving = await servingSourceOf(options.server, environment)
  const { inventorySeconds = defaultInventorySeconds } = options
  const polls: AnyPoll[] = []
  if (source !== undefined) {
    const onReading = deployment.addGpus.bind(deployment)
    polls.push(new Poll({ ...common, source, onReading }))
  }
  if (serving !== undefined) {
    const onReading = deployment.addServing.bind(deployment)
    polls.push(new Poll({ ...common, source: serving, onReading }))
  }
  if (inventory !== undefined && inventorySeconds > 0) {
    const onReading = (found: Inventory, atSeconds: number) => {
      deployment.addInventory(found, atSeconds, freshIntervals * inventorySeconds)
    }
    polls.push(
      new Poll({ ...common, source: inventory, intervalSeconds: inventorySeconds, onReading }),
    )
  }
  return polls
}

interface Listeners {
  readonly onTurn: (sentence: string) => void
  readonly onAttempt: () => void
}

type AnyPoll = Poll<readonly GpuSample[]> | Poll<ServingSample> | Poll<Inventory>
