import { unknownUuid, type GpuKind, type GpuSample, type GpuState } from '../../core/snapshot.ts'
import { flagOf, quantityOf, readCell, type Cell, type Quantity } from './nvidia-cells.ts'
import type { Column, NvidiaField } from './nvidia-fields.ts'

/** What stays true of a GPU when its cells fail: by its index. */
export type Identities = ReadonlyMap<string, Pick<GpuSample, 'uuid' | 'name' | 'driverVersion'>>

/** Under MIG a container may not see these: that says nothing about the device. */
const memoryFields: readonly NvidiaField[] = ['memoryUsed', 'memoryTotal']
/** An error here is the device's; elsewhere only that one figure is missing. */
const coreFields: readonly NvidiaField[] = ['uuid', 'utilization', ...memoryFields]
/** An error of these kinds is the device's wherever it stands. */
const deviceStates: readonly GpuState[] = ['lost', 'requires_reset']
const throttleFields: readonly NvidiaField[] = [
  'swPowerCap',
  'swThermal',
  'hwThermal',
  'hwPowerBrake',
]

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
  const textOf = (field: NvidiaField) => {
    const cell = cellOf(field)
    return cell.kind === 'text' ? cell.text : undefined
  }
  const index = textOf('index')
  if (index === undefined || !/^\d{1,4}$/.test(index)) return undefined
  const known = options.known.get(index)
  const uuid = textOf('uuid') ?? known?.uuid ?? unknownUuid(index)
  const identity = {
    uuid,
    index,
    name: textOf('name') ?? known?.name ?? 'unknown',
    kind: options.kind,
    driverVersion: textOf('driverVersion') ?? known?.driverVersion,
  }
  const figures = figuresOf(cellOf)
  const state = stateOf(cellOf, figures)
  return state === 'ok'
    ? { ...identity, ...figures, state }
    : { ...identity, ...noFigures, state, utilizationMeasurable: figures.utilizationMeasurable }
}

type Figures = Omit<GpuSample, 'uuid' | 'index' | 'name' | 'kind' | 'driverVersion' | 'state'>

const noFigures: Omit<Figures, 'utilizationMeasurable'> = {
  utilizationRatio: undefined,
  memoryUsedBytes: undefined,
  memoryTotalBytes: undefined,
  powerWatts: undefined,
  powerLimitWatts: undefined,
  temperatureCelsius: undefined,
  smClockHertz: undefined,
  throttled: undefined,
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
  const throttles = throttleFields.map((field) => flagOf(cellOf(field)))
  return {
    utilizationMeasurable: cellOf('utilization').kind !== 'absent',
    utilizationRatio: percent === undefined ? undefined : percent / 100,
    memoryUsedBytes: within('memoryUsed', 'bytes', 0, memoryTotalBytes ?? 2 ** 50),
    memoryTotalBytes,
    powerWatts: within('power', 'watts', 0, 3 * (powerLimitWatts ?? 33_333)),
    powerLimitWatts,
    temperatureCelsius: within('temperature', 'celsius', -60, 200),
    smClockHertz: within('smClock', 'hertz', 0, 1e10),
    throttled: throttles.every((flag) => flag === undefined) ? undefined : throttles.includes(true),
  }
}

function stateOf(cellOf: (field: NvidiaField) => Cell, figures: Figures): GpuState {
  const all: readonly NvidiaField[] = [
    ...coreFields,
    ...throttleFields,
    'power',
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
