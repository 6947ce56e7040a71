import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSafetensors } from '../../../reference-server/model/safetensors/file.ts'
import { openSafetensors, shardsOf } from '../../../reference-server/model/safetensors/index.ts'
import { fileOf } from './checkpoint.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-safetensors-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function tensorsOf(bytes: Uint8Array) {
  const path = join(folder, 'model.safetensors')
  writeFileSync(path, bytes)
  return readSafetensors(path)
}
const entry = (value: object, data = new Uint8Array(64)) =>
  fileOf(JSON.stringify({ it: value }), data)

test('rows are read where they lie', () => {
  const numbers = Float32Array.from({ length: 12 }, (_, at) => at / 3)
  const header = {
    other: { dtype: 'F32', shape: [1], data_offsets: [0, 4] },
    it: { dtype: 'F32', shape: [3, 4], data_offsets: [4, 52] },
  }
  const data = Buffer.concat([Buffer.alloc(4), Buffer.from(numbers.buffer)])
  const tensor = tensorsOf(fileOf(JSON.stringify(header), data)).get('it')!
  expect(tensor.shape).toEqual([3, 4])
  expect(tensor.rows(0, 3)).toEqual(numbers)
  expect(tensor.rows(1, 2)).toEqual(numbers.slice(4, 8))
})

describe('a broken file says what is wrong with it', () => {
  test.each<[string, Uint8Array, RegExp]>([
    ['empty', new Uint8Array(), /ends too early/],
    ['cut in its header', fileOf('{}', new Uint8Array()).subarray(0, 9), /longer than the file/],
    [
      'of another format',
      Buffer.from('PK\u0003\u0004 and much more of it'),
      /longer than the file/,
    ],
    ['no JSON', fileOf('{"it":', new Uint8Array()), /not JSON/],
    ['a list', fileOf('[]', new Uint8Array()), /not JSON/],
    ['a wrong entry', entry({ dtype: 'F32' }), /wrong about "it"/],
    ['a wrong size', entry({ dtype: 'F32', shape: [3], data_offsets: [0, 8] }), /size of "it"/],
    ['backwards', entry({ dtype: 'F32', shape: [2], data_offsets: [8, 0] }), /size of "it"/],
    ['cut', entry({ dtype: 'F32', shape: [32], data_offsets: [0, 128] }), /ends before "it"/],
    ['negative', entry({ dtype: 'F32', shape: [-1], data_offsets: [0, 4] }), /wrong about "it"/],
  ])('%s', (_, bytes, sentence) => {
    expect(() => tensorsOf(bytes)).toThrow(sentence)
  })

  test('whatever the bytes are, the reader ends with a sentence', () => {
    const value = fc.record({
      dtype: fc.constantFrom('F32', 'F16', 'BF16', 'I64', 'toString'),
      shape: fc.array(fc.integer({ min: -1, max: 5 }), { maxLength: 3 }),
      data_offsets: fc.tuple(fc.integer({ min: -1, max: 99 }), fc.integer({ min: -1, max: 99 })),
    })
    const headers = fc.oneof(
      fc.json(),
      fc.dictionary(fc.string(), value).map((one) => JSON.stringify(one)),
    )
    fc.assert(
      fc.property(headers, fc.uint8Array({ maxLength: 99 }), (header, data) => {
        try {
          for (const tensor of tensorsOf(fileOf(header, data)).values()) {
            // What was accepted can be read whole.
            tensor.rows(0, tensor.shape[0] ?? 1)
          }
        } catch (error) {
          expect((error as Error).message).toMatch(/^its header|^it ends/)
        }
      }),
      { numRuns: 300 },
    )
  })
})

test.each([
  ['{"weight_map": {"a": "../secret"}}', /outside its folder/],
  ['{"weight_map": {"a": "/etc/passwd"}}', /outside its folder/],
  ['{"weight_map": {"a": ".."}}', /outside its folder/],
  ['{}', /no index/],
  ['{', /no index/],
])('an index like %s is refused', (text, sentence) => {
  expect(() => shardsOf(text)).toThrow(sentence)
})

test('a shard that is missing is named', () => {
  rmSync(join(folder, 'model.safetensors'), { force: true })
  writeFileSync(
    join(folder, 'model.safetensors.index.json'),
    '{"weight_map": {"a": "one.safetensors"}}',
  )
  expect(() => openSafetensors(folder)).toThrow(/one\.safetensors cannot be used/)
})
