import type { Guidance } from './guidance.ts'
import type { HistogramValue } from './histogram.ts'

/**
 * One immutable picture of a deployment: its GPUs, what it serves, how well the sources work.
 * Undefined always means unknown; nothing unknown is ever 0.
 */
export interface Snapshot {
  readonly schema: 'rerankscope.snapshot/1'
  /** Unix time in seconds. */
  readonly takenAtSeconds: number
  /** The URL of the reranker, without credentials. */
  readonly target: string
  readonly gpus: readonly GpuView[]
  readonly serving: ServingView | undefined
  /** Absent without a proxy. */
  readonly proxy?: ProxyState | undefined
  readonly sources: readonly SourceHealth[]
  readonly guidance: Guidance
}

export const gpuKinds = ['nvidia', 'emulated', 'replay'] as const
export type GpuKind = (typeof gpuKinds)[number]

/** The name of an emulated device wherever a GPU's name is shown. */
export const emulatedGpuName = 'emulated, not a GPU'

export const gpuStates = [
  'ok',
  'lost',
  'requires_reset',
  'no_permission',
  'unsupported',
  'unknown_error',
  'vanished',
] as const
export type GpuState = (typeof gpuStates)[number]

/** Why the clocks are held down, as nvidia-smi names it. An idle GPU's low clocks are no such reason. */
export const throttleReasons = [
  'sw_power_cap',
  'sw_thermal_slowdown',
  'hw_thermal_slowdown',
  'hw_power_brake_slowdown',
] as const
export type ThrottleReason = (typeof throttleReasons)[number]

/**
 * Stands for the uuid of a GPU that has not said it yet, as one that was lost from the start. Takes
 * its index, or its PCI address where not even that is known.
 */
export const unknownUuid = (index: string): string => `unknown-${index}`

/** What one reading of a source says of one GPU. */
export interface GpuSample {
  readonly uuid: string
  /** The driver's number of the GPU, as text. */
  readonly index: string
  readonly name: string
  readonly kind: GpuKind
  readonly driverVersion: string | undefined
  /** With the domain in 8 digits and in capitals: `00000000:3B:00.0`. */
  readonly pciBusId?: string | undefined
  readonly state: GpuState
  /** False where the driver says that it cannot measure utilisation (MIG). */
  readonly utilizationMeasurable: boolean
  readonly utilizationRatio: number | undefined
  readonly memoryUsedBytes: number | undefined
  readonly memoryTotalBytes: number | undefined
  readonly powerWatts: number | undefined
  readonly powerLimitWatts: number | undefined
  readonly temperatureCelsius: number | undefined
  readonly smClockHertz: number | undefined
  readonly throttled: boolean | undefined
  /** Those that the driver tells, and whether they hold. */
  readonly throttleReasons?: Readonly<Partial<Record<ThrottleReason, boolean>>> | undefined
}

export const recoveryActions = ['none', 'reset', 'reboot', 'drain_p2p', 'drain_and_reset'] as const
/** What the driver asks for, so that the GPU works again. */
export type RecoveryAction = (typeof recoveryActions)[number]

/** A slice of a GPU under MIG. Its utilisation cannot be measured; its memory can. */
export interface MigDevice {
  readonly gpuInstance: string
  readonly computeInstance: string
  readonly memoryUsedBytes: number | undefined
  readonly memoryTotalBytes: number | undefined
}

/** A process on a GPU. No name: a command line may hold secrets. */
export interface GpuProcess {
  readonly pid: number
  /** `C` computes, `G` draws, `C+G` does both. */
  readonly type: string
  /** Of the MIG device that it runs on. */
  readonly gpuInstance: string | undefined
  readonly computeInstance: string | undefined
  readonly memoryUsedBytes: number | undefined
}

/** What changes seldom about a GPU and costs the driver more to say; read every half minute. */
export interface GpuInventory {
  readonly uuid: string
  readonly pciBusId: string | undefined
  readonly architecture: string | undefined
  readonly cudaVersion: string | undefined
  /** As `none`, `pass-through`, `vgpu`. */
  readonly virtualization: string | undefined
  readonly mig: boolean | undefined
  /** `unified` where the GPU has no memory of its own, so that there is no figure of it. */
  readonly memory: 'dedicated' | 'unified' | undefined
  /** Kept by the driver for itself, and counted neither as used nor as free. */
  readonly memoryReservedBytes: number | undefined
  readonly powerLimitMaximumWatts: number | undefined
  /** Since the driver was loaded. */
  readonly eccErrors: {
    readonly corrected: number | undefined
    readonly uncorrected: number | undefined
  }
  readonly recoveryAction: RecoveryAction | undefined
  readonly migDevices: readonly MigDevice[]
  /** The first of them where there are very many; `processCount` counts all. */
  readonly processes: readonly GpuProcess[]
  readonly processCount: number
}

/** Integrals since the sidecar began to watch the GPU. */
export interface GpuIntegrals {
  readonly busySeconds: number
  readonly observedSeconds: number
  /** Undefined until power has been seen. */
  readonly energyJoules: number | undefined
  /** By the band's name. */
  readonly bandSeconds: Readonly<Record<string, number>>
}

/**
 * How a GPU belongs to the target: the user said so, the target's environment names it, a process of
 * the target runs on it; `node`: nothing is known, so every GPU counts; `none`: it is another's.
 */
export type Attribution = 'explicit' | 'environment' | 'process' | 'node' | 'none'

/** A GPU in a snapshot: its latest sample, or only its identity when that is too old to be true. */
export interface GpuView {
  readonly sample: GpuSample
  /** False: lost, failed, or silent for three intervals; then no number of `sample` may be shown. */
  readonly up: boolean
  readonly integrals: GpuIntegrals
  readonly attribution: Attribution
  /** Absent until it was read, and when it is too old to be true. */
  readonly inventory?: GpuInventory | undefined
}

/**
 * Cumulative figures of the served model, in rerankscope's units, whatever server they come from.
 * A figure that this server cannot give is absent.
 */
export interface ServingSample {
  readonly server: string
  readonly model?: string | undefined
  readonly dtype?: string | undefined
  readonly device?: string | undefined
  readonly requests?: number | undefined
  /** Where requests with several queries were told apart from those with one. */
  readonly queries?: number | undefined
  readonly errors?: Readonly<Record<string, number>> | undefined
  readonly pairs?: number | undefined
  /** By class, where the server counts failures by the pair: no sum with `errors` makes sense. */
  readonly failedPairs?: Readonly<Record<string, number>> | undefined
  readonly tokens?: number | undefined
  readonly truncatedPairs?: number | undefined
  readonly requestDuration?: HistogramValue | undefined
  /** Of one pair, where the server measures pairs: a request takes as long as its slowest. */
  readonly pairDuration?: HistogramValue | undefined
  readonly stages?: Readonly<Record<string, HistogramValue>> | undefined
  /** Durations of requests by their number of documents, under the name of the range. */
  readonly shapes?: Readonly<Record<string, HistogramValue>> | undefined
  readonly documentsPerQuery?: HistogramValue | undefined
  readonly batchPairs?: HistogramValue | undefined
  readonly paddingRatio?: HistogramValue | undefined
  readonly queuePairs?: number | undefined
  /** Where the server counts what waits by the request. */
  readonly queueRequests?: number | undefined
  readonly inFlightRequests?: number | undefined
  /** Where the server counts what it works on by the pair. */
  readonly inFlightPairs?: number | undefined
  readonly cacheHits?: Readonly<Record<string, number>> | undefined
  readonly cacheMisses?: Readonly<Record<string, number>> | undefined
}

export interface ServingView {
  readonly sample: ServingSample
  /** Over the last 15 s. */
  readonly queriesPerSecond: number | undefined
  /** Over the last 15 s. */
  readonly pairsPerSecond: number | undefined
  /**
   * Over the last minute; `coarse` when it is a guess inside a wide bucket, or that of single pairs,
   * below which the requests' own cannot lie.
   */
  readonly p95:
    | { readonly seconds: number; readonly coarse: boolean; readonly of: 'request' | 'pair' }
    | undefined
}

/** Of the proxy that stands before the reranker. */
export interface ProxyState {
  readonly connections: number
  /** What passed without being counted in full, by what it was. */
  readonly unread: Readonly<Record<string, number>>
}

export interface SourceHealth {
  readonly name: string
  /** False when there was no good reading within three intervals. */
  readonly up: boolean
  /** Why not, in words; absent when up. */
  readonly reason: string | undefined
  readonly durationSeconds: number | undefined
  /** Unix time in seconds. */
  readonly lastSuccessSeconds: number | undefined
  readonly restarts: number
  /** Lines that could not be read and were left out; absent for a source that reads no lines. */
  readonly droppedLines?: number | undefined
}
