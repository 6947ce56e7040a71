import {
  unknownUuid,
  type GpuKind,
  type GpuSample,
  type GpuState,
  type ThrottleReason,
} from '../../core/snapshot.ts'
import { flagOf, quantityOf, readCell, textOf, type Cell, type Quantity } from './nvidia-cells.ts'
import type { Column, NvidiaField } from './nvidia-fields.ts'

/** What stays true of a GPU when its cells fail: by its index. */
export type Identities = ReadonlyMap<string, Partial<Identity>>

type Identity = Pick<GpuSample, 'uuid' | 'index' | 'name' | 'kind' | 'driverVersion' | 'pciBusId'>

/** Under MIG a container may not see these: that says nothing about the device. */
const memoryFields: readonly NvidiaField[] = ['memoryUsed', 'memoryTotal']
/** An error here is the device's; elsewhere only that one figure is missing. */
const coreFields: readonly NvidiaField[] = ['uuid', 'utilization', ...memoryFields]
/** An error of these kinds is the device's wherever it stands. */
const deviceStates: readonly GpuState[] = ['lost', 'requires_reset']
const throttleFields: readonly (readonly [NvidiaField, ThrottleReason])[] = [
  ['swPowerCap', 'sw_power_cap'],
  ['swThermal', 'sw_thermal_slowdown'],
  ['hwThermal', 'hw_thermal_slowdown'],
  ['hwPowerBrake', 'hw_power_brake_slowdown'],
]
/** The instant value where there is one: integrated at 1 Hz it is nearer the truth than a mean of means. */
const powerFields: readonly NvidiaField[] = ['power', 'powerDraw', 'powerAverage']

/**
 * One row of `--query-gpu … --format=csv`. Columns count by their position, because headers are
 * renamed. Undefined for a line that is no row: the header, half a row, an event that the driver
 * printed in between.
 */
export function normaliseRow(
  line: string,
  columns: readonly Column[],
  options: { readonly kind: GpuKind; readonly known: Identities },
): GpuSample | undefined {
  const cells = cellsOf(line, columns)
  const cellOf = (field: NvidiaField): Cell => cells?.get(field) ?? { kind: 'absent' }
  const index = textOf(cellOf('index')) ?? onlyIndex(cells, columns)
  if (index === undefined || !/^\d{1,4}$/.test(index)) return undefined
  return sampleOf(cellOf, index, options)
}

/** What the cells of GPU `index` say, however they were found. */
export function sampleOf(
  cellOf: (field: NvidiaField) => Cell,
  index: string,
  options: { readonly kind: GpuKind; readonly known: Identities },
): GpuSample {
  const known = options.known.get(index)
  const said = (field: NvidiaField) => textOf(cellOf(field))
  const pciBusId = said('pciBusId')
  const identity = {
    uuid: said('uuid') ?? known?.uuid ?? unknownUuid(index),
    index,
    name: said('name') ?? known?.name ?? 'unknown',
    kind: options.kind,
    driverVersion: said('driverVersion') ?? known?.driverVersion,
    pciBusId: pciBusId === undefined ? known?.pciBusId : pciAddress(pciBusId),
  }
  const figures = figuresOf(cellOf)
  const state = stateOf(cellOf, figures)
  return state === 'ok'
    ? { ...identity, ...figures, state }
    : failedGpu({ ...identity, utilizationMeasurable: figures.utilizationMeasurable }, state)
}

/** `gpu` with a verdict and none of its numbers. */
export function failedGpu(
  gpu: Partial<GpuSample> & Omit<Identity, 'driverVersion'>,
  state: GpuState,
): GpuSample {
  return {
    uuid: gpu.uuid,
    index: gpu.index,
    name: gpu.name,
    kind: gpu.kind,
    driverVersion: gpu.driverVersion,
    pciBusId: gpu.pciBusId,
    utilizationMeasurable: gpu.utilizationMeasurable ?? true,
    ...noFigures,
    state,
  }
}

/** A recording of one GPU may have been made without its index. */
function onlyIndex(cells: unknown, columns: readonly Column[]): string | undefined {
  const has = (field: NvidiaField) => columns.some((column) => column.field === field)
  return cells !== undefined && !has('index') && has('utilization') ? '0' : undefined
}

/** `0000:3B:00.0` and `00000000:3b:00.0` are one address: drivers write the domain in 4 or 8 digits. */
export function pciAddress(text: string): string {
  const parts = text.trim().toUpperCase().split(':')
  const domain = parts.length === 3 ? (parts[0] ?? '') : ''
  return [domain.padStart(8, '0'), ...parts.slice(-2)].join(':')
}

type Figures = Omit<GpuSample, keyof Identity | 'state'>

const noFigures: Omit<Figures, 'utilizationMeasurable'> = {
  utilizationRatio: undefined,
  memoryUsedBytes: undefined,
  memoryTotalBytes: undefined,
  powerWatts: undefined,
  powerLimitWatts: undefined,
  temperatureCelsius: undefined,
  smClockHertz: undefined,
  throttled: undefined,
  throttleReasons: undefined,
}

/** By field; undefined when the line has too few cells. Surplus commas belong to the name. */
function cellsOf(
  line: string,
  columns: readonly Column[],
): ReadonlyMap<NvidiaField, Cell> | undefined {
  const texts = line.split(',')
  const surplus = texts.length - columns.length
  const nameAt = columns.findIndex(({ field }) => field === 'name')
  if (surplus < 0 || (surplus > 0 && nameAt === -1)) return undefined
  if (surplus > 0) {
    texts.splice(nameAt, surplus + 1, texts.slice(nameAt, nameAt + surplus + 1).join(','))
  }
  return new Map(
    columns.flatMap(({ field }, at) =>
      field === undefined ? [] : [[field, readCell(texts[at] ?? '')] as const],
    ),
  )
}

function figuresOf(cellOf: (field: NvidiaField) => Cell): Figures {
  const within = (field: NvidiaField, quantity: Quantity, lowest: number, highest: number) => {
    const value = quantityOf(cellOf(field), quantity)
    // Drivers glitch to 2^32 − 1 and the like; a figure that cannot be is unknown.
    return value !== undefined && value >= lowest && value <= highest ? value : undefined
  }
  const percent = within('utilization', 'percent', 0, 100)
  const memoryTotalBytes = within('memoryTotal', 'bytes', 1, 2 ** 50)
  const powerLimitWatts = within('powerLimit', 'watts', 1, 100_000)
  const throttles = throttleFields.flatMap(([field, reason]) => {
    const flag = flagOf(cellOf(field))
    return flag === undefined ? [] : [[reason, flag] as const]
  })
  const powerHighest = 3 * (powerLimitWatts ?? 33_333)
  return {
    utilizationMeasurable: cellOf('utilization').kind !== 'absent',
    utilizationRatio: percent === undefined ? undefined : percent / 100,
    memoryUsedBytes: within('memoryUsed', 'bytes', 0, memoryTotalBytes ?? 2 ** 50),
    memoryTotalBytes,
    powerWatts: powerFields
      .map((field) => within(field, 'watts', 0, powerHighest))
      .find((watts) => watts !== undefined),
    powerLimitWatts,
    temperatureCelsius: within('temperature', 'celsius', -60, 200),
    smClockHertz: within('smClock', 'hertz', 0, 1e10),
    throttled: throttles.length === 0 ? undefined : throttles.some(([, flag]) => flag),
    throttleReasons: throttles.length === 0 ? undefined : Object.fromEntries(throttles),
  }
}

function stateOf(cellOf: (field: NvidiaField) => Cell, figures: Figures): GpuState {
  const all: readonly NvidiaField[] = [
    ...coreFields,
    ...throttleFields.map(([field]) => field),
    ...powerFields,
    'powerLimit',
    'temperature',
    'smClock',
    'name',
  ]
  let refused = false
  for (const field of all) {
    const cell = cellOf(field)
    if (cell.kind !== 'error') continue
    if (cell.state === 'no_permission' && memoryFields.includes(field)) refused = true
    else if (deviceStates.includes(cell.state) || coreFields.includes(field)) return cell.state
  }
  const { utilizationMeasurable, ...values } = figures
  const silent = !utilizationMeasurable && Object.values(values).every((each) => each === undefined)
  if (!silent) return 'ok'
  return refused ? 'no_permission' : 'unsupported'
}
