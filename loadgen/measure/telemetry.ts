import { z } from 'zod'
import { gpuKinds, type GpuKind, type GpuView, type Snapshot } from '../../core/snapshot.ts'
import { percentile } from './percentile.ts'
import { sorted } from './latency.ts'
import type { Summary } from './run-file.ts'
import type { Window } from './steady.ts'

const amount = z.number().min(0).optional()
const deviceSchema = z.object({
  uuid: z.string(),
  name: z.string(),
  kind: z.enum(gpuKinds),
  measurable: z.boolean(),
  /** Absent when unknown, or when the GPU did not answer. */
  utilizationRatio: amount,
  memoryUsedBytes: amount,
  powerRatio: amount,
  /** Integrals since the sidecar began to watch. */
  busySeconds: z.number().min(0),
  observedSeconds: z.number().min(0),
  energyJoules: amount,
})
const sampleSchema = z.object({
  /** Since the start of the run; below 0 before it. */
  atSeconds: z.number(),
  /** The sidecar's own clock: it tells a new snapshot from the one before, nothing else. */
  takenAtSeconds: z.number(),
  devices: z.array(deviceSchema),
  queuePairs: amount,
})

/** What one look at the sidecar said, one line of `telemetry.ndjson`. */
export type TelemetrySample = z.infer<typeof sampleSchema>
type Device = z.infer<typeof deviceSchema>

/** Throws an `Error` that names the field when the line is not a sample. */
export function decodeTelemetrySample(line: string): TelemetrySample {
  return checked(JSON.parse(line))
}

function checked(value: unknown): TelemetrySample {
  const parsed = sampleSchema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a sample'}`)
}

/** No number of a GPU that is not up is taken over: it would be old. */
export function telemetrySampleOf(snapshot: Snapshot, atSeconds: number): TelemetrySample {
  // Another version's snapshot may have other fields: what could not be read again is not kept.
  return checked({
    atSeconds,
    takenAtSeconds: snapshot.takenAtSeconds,
    // Those of other servers on the machine say nothing of this one.
    devices: snapshot.gpus.filter(isOfTarget).map(({ sample, up, integrals }) => ({
      uuid: sample.uuid,
      name: sample.name,
      kind: sample.kind,
      measurable: sample.utilizationMeasurable,
      ...(up && {
        ...known('utilizationRatio', sample.utilizationRatio),
        ...known('memoryUsedBytes', sample.memoryUsedBytes),
        ...known(
          'powerRatio',
          sample.powerWatts !== undefined && sample.powerLimitWatts !== undefined
            ? sample.powerWatts / sample.powerLimitWatts
            : undefined,
        ),
      }),
      busySeconds: integrals.busySeconds,
      observedSeconds: integrals.observedSeconds,
      ...known('energyJoules', integrals.energyJoules),
    })),
    ...known('queuePairs', snapshot.serving?.sample.queuePairs),
  })
}

function isOfTarget({ attribution }: GpuView): boolean {
  return attribution !== 'none'
}

function known<K extends string>(key: K, value: number | undefined): Partial<Record<K, number>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, number>)
}

/** The name of a kind of GPU in `run.json`: that of the program the figures come from. */
const sourceNames: Readonly<Record<GpuKind, string>> = {
  nvidia: 'nvidia-smi',
  emulated: 'emulated',
  replay: 'replay',
}

export interface GpuFigures {
  readonly gpu: Summary['gpu']
  readonly emulated: boolean
  readonly measurable: boolean | undefined
  /** Over all devices and the window. */
  readonly meanRatio: number | undefined
  readonly observedSeconds: number
  readonly queuePairs: number | undefined
  readonly powerRatio: number | undefined
  readonly energyJoules: number | undefined
  readonly memoryUsedBytes: number | undefined
}

/**
 * GPU figures of a window of a run. Means and energy come from the sidecar's integrals, read off at
 * the ends of the window between the looks before and after them, so they cover all of it and nothing
 * else; extremes come from the looks in it. A counter that falls (the sidecar restarted) only loses
 * the step in which it fell.
 */
export function gpuFiguresOf(samples: readonly TelemetrySample[], window: Window): GpuFigures {
  const fresh = samples.filter(
    (sample, at) => sample.takenAtSeconds !== samples[at - 1]?.takenAtSeconds,
  )
  const within = fresh.filter(
    ({ atSeconds }) => atSeconds >= window.startSeconds && atSeconds <= window.endSeconds,
  )
  const uuids = [...new Set(fresh.flatMap(({ devices }) => devices.map(({ uuid }) => uuid)))]
  const devices = uuids.map((uuid) => deviceFiguresOf(uuid, fresh, window))
  const observedSeconds = Math.max(0, ...devices.map((device) => device.observedSeconds))
  const first = devices[0]
  const sum = (pick: (device: DeviceFigures) => number | undefined) => totalOf(devices.map(pick))
  const busySeconds = sum((device) => device.busySeconds)
  const watchedSeconds = sum((device) => device.observedSeconds)
  return {
    gpu:
      first === undefined
        ? null
        : {
            source: sourceNames[first.latest.kind],
            observedSeconds,
            devices: devices.map((device) => device.figures),
          },
    emulated: devices.some(({ latest }) => latest.kind === 'emulated'),
    measurable: first && devices.some(({ latest }) => latest.measurable),
    meanRatio: watchedSeconds ? (busySeconds ?? 0) / watchedSeconds : undefined,
    observedSeconds,
    queuePairs: percentile(sorted(within.flatMap(({ queuePairs }) => queuePairs ?? [])), 0.5),
    powerRatio: mean(
      within.flatMap((sample) => sample.devices.flatMap(({ powerRatio }) => powerRatio ?? [])),
    ),
    energyJoules: sum((device) => device.figures.energyJoules ?? undefined),
    memoryUsedBytes: sum((device) => device.figures.memoryUsedBytes.mean ?? undefined),
  }
}

interface DeviceFigures {
  readonly latest: Device
  readonly busySeconds: number
  readonly observedSeconds: number
  readonly figures: NonNullable<Summary['gpu']>['devices'][number]
}

function deviceFiguresOf(
  uuid: string,
  all: readonly TelemetrySample[],
  window: Window,
): DeviceFigures {
  const readings = all.flatMap(({ atSeconds, devices }) =>
    devices.flatMap((device) => (device.uuid === uuid ? [{ atSeconds, ...device }] : [])),
  )
  const latest = readings.at(-1)
  if (latest === undefined)
    throw new Error('A GPU without a reading. This is a bug in rerankscope.')
  const busySeconds = riseOf(readings, window, (device) => device.busySeconds) ?? 0
  const observedSeconds = riseOf(readings, window, (device) => device.observedSeconds) ?? 0
  const now = readings.filter(
    ({ atSeconds }) => atSeconds >= window.startSeconds && atSeconds <= window.endSeconds,
  )
  const percents = sorted(
    now.flatMap(({ utilizationRatio }) =>
      utilizationRatio === undefined ? [] : utilizationRatio * 100,
    ),
  )
  const memory = now.flatMap(({ memoryUsedBytes }) => memoryUsedBytes ?? [])
  return {
    latest,
    busySeconds,
    observedSeconds,
    figures: {
      uuid,
      name: latest.name,
      utilizationPercent: {
        mean:
          latest.measurable && observedSeconds > 0 ? (busySeconds / observedSeconds) * 100 : null,
        min: percentile(percents, 0) ?? null,
        max: percentile(percents, 1) ?? null,
        p5: percentile(percents, 0.05) ?? null,
        p95: percentile(percents, 0.95) ?? null,
      },
      memoryUsedBytes: {
        mean: mean(memory) ?? null,
        max: memory.length === 0 ? null : Math.max(...memory),
      },
      energyJoules: riseOf(readings, window, (device) => device.energyJoules) ?? null,
    },
  }
}

/**
 * By how much a counter rose within the window, each step between two looks counted as far as it lies
 * in it. Undefined when no two looks tell.
 */
function riseOf(
  readings: readonly (Device & { readonly atSeconds: number })[],
  { startSeconds, endSeconds }: Window,
  valueOf: (device: Device) => number | undefined,
): number | undefined {
  let rise: number | undefined
  let before: { readonly atSeconds: number; readonly value: number } | undefined
  for (const reading of readings) {
    const value = valueOf(reading)
    if (value === undefined) continue
    const { atSeconds } = reading
    if (before !== undefined && atSeconds > before.atSeconds) {
      const overlap = Math.min(atSeconds, endSeconds) - Math.max(before.atSeconds, startSeconds)
      const share = Math.max(0, overlap) / (atSeconds - before.atSeconds)
      rise = (rise ?? 0) + Math.max(0, value - before.value) * share
    }
    before = { atSeconds, value }
  }
  return rise
}

function mean(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : (totalOf(values) ?? 0) / values.length
}

/** Undefined as soon as one part is: a sum without it would be too small. */
function totalOf(values: readonly (number | undefined)[]): number | undefined {
  return values.reduce<number | undefined>(
    (sum, value) => (sum === undefined || value === undefined ? undefined : sum + value),
    values.length === 0 ? undefined : 0,
  )
}
