/**
 * What we ask nvidia-smi for. Drivers rename and drop fields, and one field that a driver does not
 * know fails the whole query, so names are negotiated against `--help-query-gpu`.
 */
const spellings = {
  index: ['index'],
  uuid: ['uuid', 'gpu_uuid'],
  pciBusId: ['pci.bus_id', 'gpu_bus_id'],
  driverVersion: ['driver_version'],
  utilization: ['utilization.gpu'],
  memoryUsed: ['memory.used'],
  memoryTotal: ['memory.total'],
  // Which of the three a card answers depends on card and driver (from 570 on): all are asked for.
  power: ['power.draw.instant'],
  powerDraw: ['power.draw'],
  powerAverage: ['power.draw.average'],
  powerLimit: ['enforced.power.limit', 'power.limit'],
  temperature: ['temperature.gpu'],
  smClock: ['clocks.current.sm', 'clocks.sm'],
  // Renamed in driver 535.
  swPowerCap: ['clocks_event_reasons.sw_power_cap', 'clocks_throttle_reasons.sw_power_cap'],
  swThermal: [
    'clocks_event_reasons.sw_thermal_slowdown',
    'clocks_throttle_reasons.sw_thermal_slowdown',
  ],
  hwThermal: [
    'clocks_event_reasons.hw_thermal_slowdown',
    'clocks_throttle_reasons.hw_thermal_slowdown',
  ],
  hwPowerBrake: [
    'clocks_event_reasons.hw_power_brake_slowdown',
    'clocks_throttle_reasons.hw_power_brake_slowdown',
  ],
  // Last, so that a comma inside it cannot shift another column: the format has no quoting.
  name: ['name', 'gpu_name'],
} as const satisfies Record<string, readonly string[]>

export type NvidiaField = keyof typeof spellings
const fields = Object.keys(spellings) as readonly NvidiaField[]

/** A column of the output: its meaning, and its name on the command line. */
export interface Column {
  /** Undefined for a column of a recording that we do not use. */
  readonly field: NvidiaField | undefined
  readonly name: string
}

/** Fields that every driver knows, for one whose help cannot be read. */
const always: readonly NvidiaField[] = [
  'index',
  'uuid',
  'driverVersion',
  'utilization',
  'memoryUsed',
  'memoryTotal',
  'temperature',
  'name',
]

/** The columns to ask for, given what `nvidia-smi --help-query-gpu` printed. */
export function negotiate(help: string): readonly Column[] {
  const offered = new Set(
    help
      .split('\n')
      .filter((line) => line.startsWith('"'))
      .flatMap((line) => [...line.matchAll(/"([^"]+)"/g)].map((match) => match[1])),
  )
  // Without an index no row can be told from an event line: that is not the help we know.
  if (!offered.has('index')) return always.map((field) => ({ field, name: spellings[field][0] }))
  return fields.flatMap((field) => {
    const name = spellings[field].find((spelling) => offered.has(spelling))
    return name === undefined ? [] : [{ field, name }]
  })
}

/**
 * The columns of a recording, from its header: `index, utilization.gpu [%], …`. Where it holds one
 * field under several names, the best of them counts, as in `negotiate`.
 */
export function columnsOf(header: string): readonly Column[] {
  const names = header.split(',').map((cell) => cell.trim().replace(/\s*\[[^\]]*\]$/, ''))
  const fieldOf = new Map<string, NvidiaField>()
  for (const field of fields) {
    const name = spellings[field].find((spelling) => names.includes(spelling))
    if (name !== undefined) fieldOf.set(name, field)
  }
  return names.map((name) => ({ field: fieldOf.get(name), name }))
}
