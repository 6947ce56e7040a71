/** How a tensor is kept in the model file. The graph computes in float32 either way. */
export type StorageType = 'float32' | 'float16'

export interface Tensor {
  readonly shape: readonly number[]
  /** Row by row; its length is the product of `shape`. */
  readonly data: Float32Array
  readonly storage: StorageType
}

/**
 * Where a model's numbers come from. An architecture asks for tensors by the names that Hugging
 * Face checkpoints use, linear weights as [out, in], so that one graph builder serves constructed
 * weights and downloaded ones alike.
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
  return { shape, data, storage }
}
