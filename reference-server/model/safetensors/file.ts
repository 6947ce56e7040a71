import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { z } from 'zod'
import { widen } from '../float16.ts'
import { elementsOf, rowWidth, type StorageType, type Tensor } from '../weights.ts'

/** What the format's own library allows. */
const maximumHeaderBytes = 100_000_000
const lengthBytes = 8

const entrySchema = z.object({
  dtype: z.string(),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
})

interface Format {
  readonly bytes: number
  readonly storage: StorageType
  readonly decode: (bytes: Uint8Array) => Float32Array
}

/** Number formats that a weight may have; integers are never weights of ours. */
const formats: Readonly<Record<string, Format>> = {
  F32: { bytes: 4, storage: 'float32', decode: (bytes) => new Float32Array(bytes.buffer) },
  F16: {
    bytes: 2,
    storage: 'float16',
    decode: (bytes) => widen(new Uint16Array(bytes.buffer)),
  },
  // The upper half of a float32; float16 could not hold its range.
  BF16: {
    bytes: 2,
    storage: 'float32',
    decode: (bytes) => {
      const halves = new Uint16Array(bytes.buffer)
      const bits = new Uint32Array(halves.length)
      for (let at = 0; at < halves.length; at += 1) bits[at] = (halves[at] ?? 0) << 16
      return new Float32Array(bits.buffer)
    },
  },
}

/**
 * The tensors of one `.safetensors` file by name, read from disk when their rows are asked for. The
 * whole header is checked first. Throws an `Error` with the part of a sentence that says what is
 * wrong with the file; `rows` throws when the file has changed since.
 */
export function readSafetensors(path: string): ReadonlyMap<string, Tensor> {
  return withFile(path, (file) => {
    const size = fstatSync(file).size
    const headerBytes = Number(read(file, 0, lengthBytes).readBigUInt64LE())
    const dataFrom = lengthBytes + headerBytes
    if (headerBytes > maximumHeaderBytes || dataFrom > size) {
      throw new Error('its header is longer than the file: download it again')
    }
    const header = parseHeader(read(file, lengthBytes, headerBytes).toString('utf8'))
    const tensors = new Map<string, Tensor>()
    for (const [name, value] of Object.entries(header)) {
      if (name === '__metadata__') continue
      const tensor = tensorAt(path, name, value, dataFrom, size)
      if (tensor !== undefined) tensors.set(name, tensor)
    }
    return tensors
  })
}

function parseHeader(text: string): Readonly<Record<string, unknown>> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(text))
  } catch {
    throw new Error('its header is not JSON: it is no safetensors file')
  }
}

/** Undefined for a tensor of a format that no weight has (position ids are integers). */
function tensorAt(
  path: string,
  name: string,
  value: unknown,
  dataFrom: number,
  size: number,
): Tensor | undefined {
  const entry = entrySchema.safeParse(value)
  if (!entry.success) throw new Error(`its header is wrong about ${JSON.stringify(name)}`)
  const { dtype, shape, data_offsets } = entry.data
  const [from, to] = data_offsets
  const format = Object.hasOwn(formats, dtype) ? formats[dtype] : undefined
  if (format === undefined) return undefined
  if (to - from !== elementsOf(shape) * format.bytes) {
    throw new Error(`its header is wrong about the size of ${JSON.stringify(name)}`)
  }
  if (dataFrom + to > size) {
    throw new Error(`it ends before ${JSON.stringify(name)}: download it again`)
  }
  const rowBytes = rowWidth(shape) * format.bytes
  return {
    shape,
    storage: format.storage,
    rows: (first, end) =>
      withFile(path, (file) =>
        format.decode(read(file, dataFrom + from + first * rowBytes, (end - first) * rowBytes)),
      ),
  }
}

function withFile<T>(path: string, use: (file: number) => T): T {
  const file = openSync(path, 'r')
  try {
    return use(file)
  } finally {
    closeSync(file)
  }
}

/** In a buffer of its own, so that its start is aligned for every number format. */
function read(file: number, from: number, bytes: number): Buffer {
  const buffer = Buffer.from(new ArrayBuffer(bytes))
  let done = 0
  while (done < bytes) {
    const count = readSync(file, buffer, done, bytes - done, from + done)
    if (count === 0) throw new Error('it ends too early: download it again')
    done += count
  }
  return buffer
}
