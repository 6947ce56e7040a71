import { z } from 'zod'
import { gpuKinds, type GpuKind, type GpuView, type Snapshot } from '../../core/snapshot.ts'
import { percentile } from './percentile.ts'
import { sorted } from './latency.ts'
import type { Summary } from './run-file.ts'

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
  /** Over all devices and the run. */
  readonly meanRatio: number | undefined
  readonly observedSeconds: number
  readonly queuePairs: number | undefined
  readonly powerRatio: number | undefined
  readonly energyJoules: number | undefined
  readonly memoryUsedBytes: number | undefined
}

/**
 * GPU figures of a run of `spanSeconds`. Means come from the differences of the sidecar's integrals,
 * so they cover the time between looks too; extremes come from the looks themselves. A counter that
 * falls (the sidecar restarted) only loses the step in which it fell.
 */
export function gpuFiguresOf(samples: readonly TelemetrySample[], spanSeconds: number): GpuFigures {
  const fresh = samples.filter(
    (sample, at) => sample.takenAtSeconds !== samples[at - 1]?.takenAtSeconds,
  )
  const within = fresh.filter(({ atSeconds }) => atSeconds >= 0 && atSeconds <= spanSeconds + 1)
  const uuids = [...new Set(fresh.flatMap(({ devices }) => devices.map(({ uuid }) => uuid)))]
  const devices = uuids.map((uuid) => deviceFiguresOf(uuid, fresh, within))
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
  within: readonly TelemetrySample[],
): DeviceFigures {
  const find = ({ devices }: TelemetrySample) => devices.filter((device) => device.uuid === uuid)
  const readings = all.flatMap(find)
  const latest = readings.at(-1)
  if (latest === undefined)
    throw new Error('A GPU without a reading. This is a bug in rerankscope.')
  const busySeconds = risesOf(readings.map((device) => device.busySeconds))
  const observedSeconds = risesOf(readings.map((device) => device.observedSeconds))
  const energy = readings.flatMap(({ energyJoules }) => energyJoules ?? [])
  const now = within.flatMap(find)
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
      energyJoules: energy.length < 2 ? null : risesOf(energy),
    },
  }
}

function risesOf(values: readonly number[]): number {
  return values.reduce((sum, value, at) => sum + Math.max(0, value - (values[at - 1] ?? value)), 0)
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
