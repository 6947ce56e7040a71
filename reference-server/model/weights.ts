/** How a tensor is kept in the model file when the graph computes in float32. */
export type StorageType = 'float32' | 'float16'

/** A tensor that may be far larger than what should be in memory at once: read a few rows at a time. */
export interface Tensor {
  readonly shape: readonly number[]
  readonly storage: StorageType
  /** The numbers of rows `from` to `to` (exclusive), row by row; a vector has rows of one number. */
  rows(from: number, to: number): Float32Array
}

/**
 * Where a model's numbers come from. An architecture asks for tensors by the names that Hugging
 * Face checkpoints use, linear weights as [out, in], so that one graph builder serves constructed,
 * random and downloaded weights alike.
 */
export interface WeightSource {
  /** Throws an `Error` that names the tensor when there is none of that name. */
  tensor(name: string): Tensor
}

export function tensorOf(
  shape: readonly number[],
  data: Float32Array,
  storage: StorageType = 'float32',
): Tensor {
  const width = rowWidth(shape)
  return { shape, storage, rows: (from, to) => data.subarray(from * width, to * width) }
}

/** Numbers in one row: everything behind the first dimension. */
export function rowWidth(shape: readonly number[]): number {
  return shape.slice(1).reduce((product, size) => product * size, 1)
}

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1)
}

/** Every number of a tensor that is known to be small enough. */
export function numbersOf(tensor: Tensor): Float32Array {
  return tensor.rows(0, tensor.shape[0] ?? 1)
}

/** Numbers that are held at once while a tensor is written: 16 MiB of float32. */
const numbersAtOnce = 2 ** 22

/** A tensor's numbers in pieces of whole rows, with the first row of each. */
export function* piecesOf(
  tensor: Tensor,
): Generator<{ readonly from: number; readonly numbers: Float32Array }> {
  const rows = tensor.shape[0] ?? 1
  const step = Math.max(1, Math.floor(numbersAtOnce / rowWidth(tensor.shape)))
  for (let from = 0; from < rows; from += step) {
    yield { from, numbers: tensor.rows(from, Math.min(rows, from + step)) }
  }
}

/** [out, in] as checkpoints have it → [in, out] as a MatMul wants it. */
export function transposed(tensor: Tensor): Tensor {
  return besideEachOther([tensor])
}

/** Weights [out, in] of layers with one input, transposed and side by side: [in, Σ out]. */
export function besideEachOther(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors
  const height = first?.shape[1] ?? 0
  const width = tensors.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0)
  return {
    shape: [height, width],
    storage: first?.storage ?? 'float32',
    rows(from, to) {
      const turned = new Float32Array((to - from) * width)
      let left = 0
      for (const tensor of tensors) {
        const numbers = numbersOf(tensor)
        const outputs = tensor.shape[0] ?? 0
        for (let output = 0; output < outputs; output += 1) {
          for (let row = from; row < to; row += 1) {
            turned[(row - from) * width + left + output] = numbers[output * height + row] ?? 0
          }
        }
        left += outputs
      }
      return turned
    },
  }
}

/** Vectors one after the other. */
export function joined(vectors: readonly Tensor[]): Tensor {
  const numbers = vectors.map(numbersOf)
  const data = new Float32Array(numbers.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const some of numbers) {
    data.set(some, at)
    at += some.length
  }
  return tensorOf([data.length], data, vectors[0]?.storage)
}

/** The tensor of a name. Throws an `Error` that says so when it has another shape. */
export function tensorAs(weights: WeightSource, name: string, shape: readonly number[]): Tensor {
  const tensor = weights.tensor(name)
  if (tensor.shape.join() !== shape.join()) {
    throw new Error(`${name} is [${tensor.shape.join(', ')}], not [${shape.join(', ')}]`)
  }
  return tensor
}
