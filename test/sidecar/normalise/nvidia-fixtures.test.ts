import { readdirSync, readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DocumentReader } from '../../../sidecar/normalise/nvidia-document.ts'
import { normaliseXml } from '../../../sidecar/normalise/nvidia-xml.ts'
import { ticksOf } from '../../../sidecar/sources/replay.ts'

const folder = new URL('../../fixtures/nvidia-smi/', import.meta.url)
const fixture = (name: string) => readFileSync(new URL(name, folder), 'utf8')
const files = readdirSync(folder).sort()

/** In pieces, as a pipe brings it. */
function read(xml: string, pieceLength = 1000) {
  const reader = new DocumentReader()
  for (let at = 0; at < xml.length; at += pieceLength) reader.push(xml.slice(at, at + pieceLength))
  const document = reader.end()
  return { gpus: normaliseXml(document), faults: document.faults }
}
const gpusOf = (name: string) => read(fixture(name)).gpus

// Each golden file was compared with its fixture by eye when it was written:
// npx vitest run --project unit test/sidecar/normalise/nvidia-fixtures.test.ts -u
describe('what a person reads off each recorded output', () => {
  test.each(files.filter((file) => file.endsWith('.xml')))('%s', async (file) => {
    const said = JSON.stringify(read(fixture(file)), null, 1)
    await expect(`${said}\n`).toMatchFileSnapshot(`../../golden/nvidia-smi/${file}.json`)
  })
  test.each(files.filter((file) => file.endsWith('.csv')))('%s', async (file) => {
    const said = JSON.stringify(ticksOf(fixture(file)), null, 1)
    await expect(`${said}\n`).toMatchFileSnapshot(`../../golden/nvidia-smi/${file}.json`)
  })
})

const mib = 1024 * 1024

test('the power of each schema: none, draw, draw beside MIG, instant where the mean is N/A', () => {
  const watts = ['v10.xml', 'v11.xml', 'v12-mig.xml', 'v12-instant-power.xml', 'v13.xml'].map(
    (file) => gpusOf(file).map(({ sample }) => sample.powerWatts),
  )
  expect(watts).toEqual([[undefined], [212.4], [91.5], [12.75], [100.5, 125.5]])
})

test('MIG: memory and processes by slice; no utilisation, which is not 0', () => {
  const [gpu] = gpusOf('v12-mig.xml')
  expect(gpu?.sample).toMatchObject({ state: 'ok', utilizationMeasurable: false })
  expect(gpu?.sample.utilizationRatio).toBeUndefined()
  expect(gpu?.inventory).toMatchObject({
    mig: true,
    recoveryAction: 'none',
    migDevices: [
      { gpuInstance: '3', computeInstance: '0', memoryUsedBytes: 5000 * mib },
      { gpuInstance: '4', computeInstance: '0', memoryUsedBytes: 30 * mib },
      { gpuInstance: '5', computeInstance: '1', memoryUsedBytes: undefined },
    ],
    processes: [{ pid: 777, gpuInstance: '3', computeInstance: '0', memoryUsedBytes: 4950 * mib }],
  })
})

test('ECC counts of each schema', () => {
  const counts = ['v10.xml', 'v11.xml', 'v12-instant-power.xml', 'v13.xml'].map(
    (file) => gpusOf(file)[0]?.inventory.eccErrors,
  )
  expect(counts).toEqual([
    { corrected: 7, uncorrected: 1 },
    { corrected: 1 + 4, uncorrected: 0 + 2 },
    { corrected: undefined, uncorrected: undefined },
    { corrected: 2 + 5, uncorrected: 1 + 3 + 0 },
  ])
})

test('a lost GPU keeps its uuid and no number, plausible ones included; the other is told', () => {
  const [lost, well] = gpusOf('lost.xml')
  expect(lost?.sample).toMatchObject({ uuid: 'GPU-lost-a', state: 'lost' })
  expect(lost?.sample.memoryUsedBytes).toBeUndefined()
  expect(lost?.inventory).toMatchObject({
    recoveryAction: undefined,
    memory: undefined,
    eccErrors: { corrected: undefined, uncorrected: undefined },
  })
  expect(well?.sample).toMatchObject({ state: 'ok', utilizationRatio: 0.96, powerWatts: 812.25 })
})

test('unified memory has no figure and a name', () => {
  const [gpu] = gpusOf('unified.xml')
  expect(gpu?.sample).toMatchObject({ state: 'ok', utilizationRatio: 0.37, powerWatts: 21.3 })
  expect(gpu?.sample.memoryUsedBytes).toBeUndefined()
  expect(gpu?.inventory).toMatchObject({ memory: 'unified', processes: [{ pid: 88 }] })
})

test('a clock list that is no XML costs nothing, and other faults cost their place', () => {
  expect(read(fixture('malformed-clocks.xml'))).toEqual(read(fixture('v11.xml')))
  const { gpus, faults } = read(fixture('malformed.xml'))
  expect(gpus.map(({ sample }) => [sample.uuid, sample.utilizationRatio])).toEqual([
    ['GPU-fake-0', 0.3],
  ])
  expect(faults).toBeGreaterThan(0)
})

test.each([
  ['No devices were found', 0],
  ['<nvidia_smi_log>', 0],
  ['<gpu></gpu>', 0],
  [`<nvidia_smi_log>\n${'<gpu>\n</gpu>\n'.repeat(300)}</nvidia_smi_log>`, 256],
])('%#: what is no such document has no GPUs beyond the limit', (xml, count) => {
  expect(read(xml).gpus).toHaveLength(count)
})

test('a process name stays out of what is kept: it may be a command line with secrets', () => {
  expect(JSON.stringify(gpusOf('v11.xml'))).not.toContain('/opt/reranker')
})

test('no document makes it throw, and no number comes from an absent token', () => {
  const source = fixture('v13.xml')
  const token = fc.constantFrom('N/A', '[N/A]', 'GPU is lost', '', 'nan', '1e999', '-5 W', '<', '&')
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(source.length), fc.nat(30), fc.oneof(token, fc.string())), {
        maxLength: 6,
      }),
      fc.integer({ min: 1, max: 5000 }),
      (edits, pieceLength) => {
        let xml = source
        for (const [at, length, text] of edits) {
          xml = xml.slice(0, at) + text + xml.slice(at + length)
        }
        for (const { sample, inventory } of read(xml, pieceLength).gpus) {
          const { eccErrors, migDevices, processes } = inventory
          for (const value of [
            sample.utilizationRatio,
            sample.memoryUsedBytes,
            sample.powerWatts,
            eccErrors.corrected,
            inventory.memoryReservedBytes,
            ...migDevices.map(({ memoryUsedBytes }) => memoryUsedBytes),
            ...processes.map(({ pid }) => pid),
          ]) {
            expect(value ?? 0).toBeGreaterThanOrEqual(0)
            expect(Number.isFinite(value ?? 0)).toBe(true)
          }
          expect(sample.utilizationRatio ?? 0).toBeLessThanOrEqual(1)
        }
      },
    ),
    { numRuns: 60 },
  )
})

function numbersIn(value: unknown): number {
  if (typeof value === 'number') return 1
  if (typeof value !== 'object' || value === null) return 0
  return Object.values(value).reduce<number>((total, each) => total + numbersIn(each), 0)
}

test('a value that is an absent or an error token gives no number, whatever the place', () => {
  const source = fixture('v13.xml')
  const values = [...source.matchAll(/>([^<\n]+)<\//g)]
  fc.assert(
    fc.property(
      fc.constantFrom(...values),
      fc.constantFrom('N/A', '[Not Supported]', 'Requested functionality has been deprecated', ''),
      ({ index, 1: value = '' }, token) => {
        const changed = source.slice(0, index + 1) + token + source.slice(index + 1 + value.length)
        // Never more numbers than before: a token is not read as one.
        expect(numbersIn(read(changed).gpus)).toBeLessThanOrEqual(numbersIn(read(source).gpus))
      },
    ),
    { numRuns: 60 },
  )
})
