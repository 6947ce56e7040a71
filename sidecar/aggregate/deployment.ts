import { guide, settle, type HeldGuidance } from '../../core/guidance.ts'
import { bandsOf, thresholdNames, thresholdsOf, type Policy } from '../../core/policy.ts'
import {
  unknownUuid,
  type Attribution,
  type GpuIntegrals,
  type GpuInventory,
  type GpuSample,
  type GpuView,
  type ProxyState,
  type ServingSample,
  type ServingView,
  type Snapshot,
  type SourceHealth,
} from '../../core/snapshot.ts'
import type { Inventory } from '../sources/source.ts'
import type { TargetProcess } from '../target-process.ts'
import { attribute } from './attribution.ts'
import { evidenceOf } from './evidence.ts'
import { integrate, noIntegrals, observedBetween, type Timed } from './integrals.ts'
import { ServingHistory } from './rates.ts'
import { UtilizationWindows } from './utilization.ts'

/** A machine has at most a few dozen; a source that invents more must not fill the memory. */
export const maximumGpus = 256

/**
 * All that was read, folded into what a snapshot needs. Every method takes the time (monotonic
 * seconds) as an argument; nothing here waits, reads or writes.
 */
export class Deployment {
  readonly #target: string
  readonly #policy: Policy
  /** Older values are not believed, and time between samples further apart is unobserved. */
  readonly #freshSeconds: number
  readonly #createUtilization: () => UtilizationWindows
  #utilization: UtilizationWindows
  readonly #gpus = new Map<string, { readonly latest: Timed; readonly integrals: GpuIntegrals }>()
  readonly #explicit: readonly string[] | undefined
  #attributions: ReadonlyMap<string, Attribution> = new Map()
  #process: TargetProcess | undefined
  #guidance: HeldGuidance | undefined
  readonly #inventory = new Map<
    string,
    { readonly inventory: GpuInventory; readonly untilSeconds: number }
  >()
  readonly #served: ServingTrack
  /** What the proxy saw, which is finer than what the server says of itself. */
  readonly #proxied: ServingTrack

  constructor(options: {
    readonly target: string
    readonly policy: Policy
    readonly intervalSeconds: number
    readonly freshSeconds: number
    /** The target's GPUs by index or uuid, where the user named them. */
    readonly gpuDevices?: readonly string[] | undefined
  }) {
    this.#target = options.target
    this.#policy = options.policy
    this.#freshSeconds = options.freshSeconds
    const thresholds = thresholdsOf(options.policy)
    const windows = thresholdNames.map((name) => thresholds[name].windowSeconds)
    this.#createUtilization = () => new UtilizationWindows(windows, options.intervalSeconds)
    this.#utilization = this.#createUtilization()
    this.#explicit = options.gpuDevices
    this.#served = new ServingTrack(options.intervalSeconds)
    this.#proxied = new ServingTrack(options.intervalSeconds)
  }

  addGpus(samples: readonly GpuSample[], atSeconds: number): void {
    const options = { maximumGapSeconds: this.#freshSeconds, bands: bandsOf(this.#policy) }
    let added = false
    for (const sample of samples) {
      // It says its uuid at last: what stood for it would stay as a GPU that is down for ever.
      for (const name of [sample.index, sample.pciBusId]) {
        const standIn = name === undefined ? undefined : unknownUuid(name)
        if (standIn !== undefined && standIn !== sample.uuid) this.#gpus.delete(standIn)
      }
      const before = this.#gpus.get(sample.uuid)
      if (before === undefined && this.#gpus.size === maximumGpus) continue
      const latest = { sample, atSeconds }
      const seconds = observedBetween(before?.latest, latest, this.#freshSeconds)
      if (before === undefined) added = true
      if (seconds > 0 && this.#attributions.get(sample.uuid) !== 'none') {
        this.#utilization.add(atSeconds - seconds, atSeconds, sample.utilizationRatio ?? 0)
      }
      this.#gpus.set(sample.uuid, {
        latest,
        integrals: integrate(
          before?.integrals ?? noIntegrals(options.bands),
          before?.latest,
          latest,
          options,
        ),
      })
    }
    if (added) this.#attribute()
  }

  /** What is known of the GPUs for `freshSeconds` from now on. */
  addInventory({ gpus, process }: Inventory, atSeconds: number, freshSeconds: number): void {
    this.#inventory.clear()
    for (const inventory of gpus.slice(0, maximumGpus)) {
      this.#inventory.set(inventory.uuid, { inventory, untilSeconds: atSeconds + freshSeconds })
    }
    this.#process = process
    this.#attribute()
  }

  addServing(sample: ServingSample, atSeconds: number): void {
    this.#served.add(sample, atSeconds)
  }

  addProxied(sample: ServingSample, atSeconds: number): void {
    this.#proxied.add(sample, atSeconds)
  }

  snapshot(
    nowSeconds: number,
    wallSeconds: number,
    sources: readonly SourceHealth[],
    proxy?: ProxyState,
  ): Snapshot {
    const gpus = [...this.#gpus.values()].map(({ latest, integrals }) => {
      const fresh = nowSeconds <= latest.atSeconds + this.#freshSeconds
      return { ...viewOf(latest.sample, fresh), integrals, fresh }
    })
    const serving = this.#servingView(nowSeconds)
    // Up to the latest reading: the time since then is unobserved only because it is not over, and
    // would make the state of a slow sidecar flap to unknown before every reading.
    const end = Math.max(...[...this.#gpus.values()].map(({ latest }) => latest.atSeconds))
    const own = gpus.filter(({ sample }) => this.#attributions.get(sample.uuid) !== 'none')
    const evidence = evidenceOf(own, serving, (windowSeconds) =>
      this.#utilization.window(windowSeconds, end),
    )
    this.#guidance = settle(this.#guidance, guide(evidence, this.#policy), nowSeconds, this.#policy)
    return {
      schema: 'rerankscope.snapshot/1',
      takenAtSeconds: wallSeconds,
      target: this.#target,
      gpus: gpus.map(({ sample, up, integrals }) => ({
        sample,
        up,
        integrals,
        attribution: this.#attributions.get(sample.uuid) ?? 'node',
        inventory: this.#inventoryOf(sample.uuid, nowSeconds),
      })),
      serving,
      ...(proxy && { proxy }),
      sources,
      guidance: this.#guidance.guidance,
    }
  }

  /** When the first figure that is shown at `nowSeconds` becomes too old to be shown. */
  trueUntilSeconds(nowSeconds: number): number {
    const ends = [
      ...[...this.#gpus.values()].map(({ latest }) => latest.atSeconds + this.#freshSeconds),
      ...[...this.#inventory.values()].map(({ untilSeconds }) => untilSeconds),
      ...[this.#served, this.#proxied].map((track) => track.freshUntil(this.#freshSeconds)),
    ]
    return Math.min(...ends.filter((end) => end >= nowSeconds))
  }

  #attribute(): void {
    const gpus = [...this.#gpus.values()].map(({ latest }) => latest.sample)
    const inventory = new Map([...this.#inventory].map(([uuid, known]) => [uuid, known.inventory]))
    const before = this.#attributions
    this.#attributions = attribute(gpus, {
      explicit: this.#explicit,
      process: this.#process,
      inventory,
    })
    const others = (map: ReadonlyMap<string, Attribution>, uuid: string) => map.get(uuid) === 'none'
    // What was seen of other GPUs than the target's says nothing of the target.
    if (
      [...before.keys()].some((uuid) => others(before, uuid) !== others(this.#attributions, uuid))
    ) {
      this.#utilization = this.#createUtilization()
    }
  }

  #inventoryOf(uuid: string, nowSeconds: number): GpuInventory | undefined {
    const known = this.#inventory.get(uuid)
    return known !== undefined && nowSeconds <= known.untilSeconds ? known.inventory : undefined
  }

  #servingView(nowSeconds: number): ServingView | undefined {
    const served = this.#served.fresh(nowSeconds, this.#freshSeconds)
    const proxied = this.#proxied.fresh(nowSeconds, this.#freshSeconds)
    const history = proxied === undefined ? this.#served.history : this.#proxied.history
    const sample = merged(served, proxied)
    if (sample === undefined) return undefined
    const p95 = history.p95()
    return {
      sample,
      queriesPerSecond: history.rate('queries') ?? history.rate('requests'),
      pairsPerSecond: history.rate('pairs'),
      p95: p95 && { seconds: p95.value, coarse: p95.coarse, of: p95.of },
    }
  }
}

/** One source of serving figures: the latest, and what they grew by. */
class ServingTrack {
  readonly history: ServingHistory
  #latest: { readonly sample: ServingSample; readonly atSeconds: number } | undefined

  constructor(intervalSeconds: number) {
    this.history = new ServingHistory(intervalSeconds)
  }

  add(sample: ServingSample, atSeconds: number): void {
    this.history.add(atSeconds, sample)
    this.#latest = { sample, atSeconds }
  }

  fresh(nowSeconds: number, freshSeconds: number): ServingSample | undefined {
    return nowSeconds <= this.freshUntil(freshSeconds) ? this.#latest?.sample : undefined
  }

  /** Long past before the first reading. */
  freshUntil(freshSeconds: number): number {
    return this.#latest === undefined ? -Infinity : this.#latest.atSeconds + freshSeconds
  }
}

/** Figure by figure the proxy's, and the server's where the proxy cannot know. */
function merged(
  served: ServingSample | undefined,
  proxied: ServingSample | undefined,
): ServingSample | undefined {
  if (served === undefined || proxied === undefined) return proxied ?? served
  const known = Object.entries(proxied).filter(([, value]) => value !== undefined)
  return { ...served, ...Object.fromEntries(known), server: served.server }
}

/** A GPU that fell silent keeps its identity and none of its numbers. */
function viewOf(sample: GpuSample, fresh: boolean): Pick<GpuView, 'sample' | 'up'> {
  if (fresh) return { sample, up: sample.state === 'ok' }
  return {
    up: false,
    sample: {
      ...sample,
      state: sample.state === 'ok' ? 'vanished' : sample.state,
      utilizationRatio: undefined,
      memoryUsedBytes: undefined,
      memoryTotalBytes: undefined,
      powerWatts: undefined,
      powerLimitWatts: undefined,
      temperatureCelsius: undefined,
      smClockHertz: undefined,
      throttled: undefined,
      throttleReasons: undefined,
    },
  }
}
