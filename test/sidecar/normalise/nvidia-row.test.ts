import fc from 'fast-check'
import { expect, test } from 'vitest'
import { columnsOf, negotiate } from '../../../sidecar/normalise/nvidia-fields.ts'
import { normaliseRow } from '../../../sidecar/normalise/nvidia-row.ts'

const header =
  'index, uuid, driver_version, utilization.gpu [%], memory.used [MiB], memory.total [MiB], power.draw.instant [W], enforced.power.limit [W], temperature.gpu, clocks.current.sm [MHz], clocks_event_reasons.sw_power_cap, clocks_event_reasons.sw_thermal_slowdown, name'
const columns = columnsOf(header)
const good = [
  '0',
  'GPU-7',
  '570.10',
  '71 %',
  '512 MiB',
  '1024 MiB',
  '150.25 W',
  '300.00 W',
  '64',
  '1410 MHz',
  'Not Active',
  'Active',
  'NVIDIA Test 1',
]
const at = (name: string) => columns.findIndex((column) => column.name === name)

/** The good row with some cells replaced, by column name. */
function row(changes: Readonly<Record<string, string>> = {}): string {
  const cells = [...good]
  for (const [name, text] of Object.entries(changes)) cells[at(name)] = text
  return cells.join(', ')
}

const read = (line: string, known = new Map()) =>
  normaliseRow(line, columns, { kind: 'nvidia', known })

test('a row in base units', () => {
  expect(read(row())).toEqual({
    uuid: 'GPU-7',
    index: '0',
    name: 'NVIDIA Test 1',
    kind: 'nvidia',
    driverVersion: '570.10',
    state: 'ok',
    utilizationMeasurable: true,
    utilizationRatio: 0.71,
    memoryUsedBytes: 536_870_912,
    memoryTotalBytes: 1_073_741_824,
    powerWatts: 150.25,
    powerLimitWatts: 300,
    temperatureCelsius: 64,
    smClockHertz: 1.41e9,
    throttled: true,
    throttleReasons: { sw_power_cap: false, sw_thermal_slowdown: true },
  })
})

test('commas in the name stay in the name', () => {
  expect(read(`${row()}, Rev. B, 2`)?.name).toBe('NVIDIA Test 1, Rev. B, 2')
})

test.each(['N/A', '[N/A]', '[Not Supported]', '[Function Not Found]', '', '[n/a]'])(
  'utilisation %j is not measurable, and not 0',
  (text) => {
    const sample = read(row({ 'utilization.gpu': text }))
    expect(sample).toMatchObject({ state: 'ok', utilizationMeasurable: false, powerWatts: 150.25 })
    expect(sample?.utilizationRatio).toBeUndefined()
  },
)

test.each([
  ['[GPU is lost]', 'lost'],
  ['GPU is lost', 'lost'],
  ['[GPU requires reset]', 'requires_reset'],
  ['[Unknown Error]', 'unknown_error'],
  ['ERR!', 'unknown_error'],
])('%s in a core cell fails the GPU, and none of its numbers is told', (text, state) => {
  const sample = read(row({ 'memory.total': text }))
  expect(sample).toEqual({
    uuid: 'GPU-7',
    index: '0',
    name: 'NVIDIA Test 1',
    kind: 'nvidia',
    driverVersion: '570.10',
    state,
    utilizationMeasurable: true,
    utilizationRatio: undefined,
    memoryUsedBytes: undefined,
    memoryTotalBytes: undefined,
    powerWatts: undefined,
    powerLimitWatts: undefined,
    temperatureCelsius: undefined,
    smClockHertz: undefined,
    throttled: undefined,
  })
})

test('a lost GPU is failed wherever the driver says so, beside a plausible 0 MiB', () => {
  expect(read(row({ 'temperature.gpu': '[GPU is lost]', 'memory.used': '0 MiB' }))).toMatchObject({
    state: 'lost',
    memoryUsedBytes: undefined,
  })
})

test('an error of one figure that is no core figure leaves the others alone', () => {
  const sample = read(row({ 'power.draw.instant': '[Unknown Error]' }))
  expect(sample).toMatchObject({ state: 'ok', utilizationRatio: 0.71 })
  expect(sample?.powerWatts).toBeUndefined()
})

test('MIG in a container: the memory is refused, the rest is told', () => {
  const refused = '[Insufficient Permissions]'
  const cells = { 'memory.used': refused, 'memory.total': refused, 'utilization.gpu': '[N/A]' }
  expect(read(row(cells))).toMatchObject({
    state: 'ok',
    utilizationMeasurable: false,
    memoryUsedBytes: undefined,
    powerWatts: 150.25,
  })
  expect(read(row({ 'utilization.gpu': refused }))).toMatchObject({
    state: 'no_permission',
    powerWatts: undefined,
  })
})

test('a lost GPU that no longer says its uuid keeps the one it had', () => {
  const before = read(row())!
  const cells = columns.map(({ name }) => (name === 'index' ? '0' : '[GPU is lost]'))
  expect(read(cells.join(', '), new Map([['0', before]]))).toMatchObject({
    uuid: 'GPU-7',
    name: 'NVIDIA Test 1',
    state: 'lost',
  })
})

test('unified memory: no memory figure, and nothing wrong', () => {
  const sample = read(row({ 'memory.used': '[N/A]', 'memory.total': '[N/A]' }))
  expect(sample).toMatchObject({ state: 'ok', utilizationRatio: 0.71 })
  expect(sample?.memoryUsedBytes).toBeUndefined()
})

test.each([
  ['[N/A]', 'unsupported'],
  ['[Insufficient Permissions]', 'no_permission'],
])('a device that says nothing at all, and %s of its memory, is %s', (memory, state) => {
  const said: Readonly<Record<string, string>> = {
    index: '0',
    uuid: 'GPU-7',
    name: 'Small (board)',
    'memory.used': memory,
  }
  const cells = columns.map(({ name }) => said[name] ?? '[N/A]')
  expect(read(cells.join(', '))).toMatchObject({ state, utilizationMeasurable: false })
})

test.each([
  ['utilization.gpu', '101 %', 'utilizationRatio'],
  ['utilization.gpu', '4294967295 %', 'utilizationRatio'],
  ['utilization.gpu', '-1 %', 'utilizationRatio'],
  ['memory.used', '1025 MiB', 'memoryUsedBytes'],
  ['power.draw.instant', '900.01 W', 'powerWatts'],
  ['power.draw.instant', '150 MW', 'powerWatts'],
  ['temperature.gpu', '999', 'temperatureCelsius'],
  ['clocks.current.sm', '1410 us', 'smClockHertz'],
  ['memory.used', '0x200 MiB', 'memoryUsedBytes'],
] as const)('%s = %s cannot be, so it is unknown', (name, text, field) => {
  const sample = read(row({ [name]: text }))
  expect(sample?.state).toBe('ok')
  expect(sample?.[field]).toBeUndefined()
})

test('numbers on the edge of what can be are kept', () => {
  const sample = read(
    row({ 'utilization.gpu': '100 %', 'memory.used': '1024 MiB', 'power.draw.instant': '900 W' }),
  )
  expect(sample).toMatchObject({
    utilizationRatio: 1,
    memoryUsedBytes: 1_073_741_824,
    powerWatts: 900,
  })
})

test('no unit means the unit of the header', () => {
  const sample = read(row({ 'utilization.gpu': '7', 'memory.used': '3', 'clocks.current.sm': '5' }))
  expect(sample).toMatchObject({
    utilizationRatio: 0.07,
    memoryUsedBytes: 3_145_728,
    smClockHertz: 5e6,
  })
})

test.each([
  ['the header', header],
  ['half a row', row().slice(0, 40)],
  ['an event', 'Xid 79, GPU has fallen off the bus'],
  ['nothing', ''],
  ['commas', ',,,,,,,,,,,,,,,'],
  ['a sign', row({ index: '-1' })],
])('%s is no row', (_, line) => {
  expect(read(line)).toBeUndefined()
})

test('no line makes it throw, and no number it tells is out of range', () => {
  const cell = fc.oneof(
    fc.constantFrom(
      '[N/A]',
      'N/A',
      '',
      'ERR!',
      '[GPU is lost]',
      '99 %',
      '1 MiB',
      '[W/s]',
      'Active',
    ),
    fc.string(),
    fc
      .tuple(fc.double(), fc.constantFrom('%', 'MiB', 'W', 'MHz', ''))
      .map((pair) => pair.join(' ')),
  )
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 16 }), (cells) => {
      const sample = read(['0', ...cells].join(', '))
      if (sample === undefined) return
      const { utilizationRatio = 0, memoryUsedBytes = 0, powerWatts = 0, state } = sample
      expect(utilizationRatio).toBeGreaterThanOrEqual(0)
      expect(utilizationRatio).toBeLessThanOrEqual(1)
      expect(memoryUsedBytes).toBeGreaterThanOrEqual(0)
      expect(memoryUsedBytes).toBeLessThanOrEqual(sample.memoryTotalBytes ?? Infinity)
      expect(powerWatts).toBeLessThanOrEqual(3 * (sample.powerLimitWatts ?? Infinity))
      if (state !== 'ok') expect(sample.temperatureCelsius).toBeUndefined()
    }),
  )
})

const help = (...names: readonly string[]) =>
  names.map((name) => `"${name}"\nWhat it is.\n`).join('\n')

test('fields are asked for under the name that the driver knows', () => {
  const asked = (text: string) => negotiate(text).map(({ name }) => name)
  expect(
    asked(help('index', 'power.draw', 'clocks_throttle_reasons.sw_power_cap', 'fan.speed')),
  ).toEqual(['index', 'power.draw', 'clocks_throttle_reasons.sw_power_cap'])
  expect(
    asked(
      help(
        'index',
        'power.draw',
        'power.draw.instant',
        'clocks_event_reasons.sw_power_cap" or "clocks_throttle_reasons.sw_power_cap',
        'name" or "gpu_name',
      ),
    ),
  ).toEqual([
    'index',
    'power.draw.instant',
    'power.draw',
    'clocks_event_reasons.sw_power_cap',
    'name',
  ])
})

test('a help that cannot be read falls back to what every driver knows', () => {
  expect(negotiate('').map(({ name }) => name)).toEqual([
    'index',
    'uuid',
    'driver_version',
    'utilization.gpu',
    'memory.used',
    'memory.total',
    'temperature.gpu',
    'name',
  ])
})

test('a recording that holds a field under several names gives its best one', () => {
  const fields = columnsOf('index, clocks.sm [MHz], clocks.current.sm [MHz], fan.speed [%]')
  expect(fields.map(({ field }) => field)).toEqual(['index', undefined, 'smClock', undefined])
})
