import { usageError } from '../core/errors.ts'
import type { ModelBundle } from './model/bundle.ts'

/**
 * Where a model may run, as `--device` says it. A packed graph needs CUDA: to fall back from it
 * would only fail later, and with a sentence about operators. The products of an int8 graph (uint8 by
 * int8) have no CUDA kernel: onnxruntime would compute them on the CPU and carry every layer's values
 * to the GPU and back, so that `auto` stays on the CPU unless a GPU is `required`.
 */
export function deviceFor(
  { name, form, dtype }: Pick<ModelBundle, 'name' | 'form' | 'dtype'>,
  choice: string,
  required: boolean,
): string {
  if (form === 'padded') return choice === 'auto' && dtype === 'int8' && !required ? 'cpu' : choice
  if (choice === 'cpu') {
    throw usageError(
      `The graph of ${name} is packed and runs on CUDA only: build it with --form padded for the CPU.`,
    )
  }
  return choice === 'auto' ? 'cuda' : choice
}
