import { usageError } from '../core/errors.ts'
import type { ModelBundle } from './model/bundle.ts'

/**
 * Where a model may run, as `--device` says it. A packed graph needs CUDA: to fall back from it
 * would only fail later, and with a sentence about operators.
 */
export function deviceFor({ name, form }: ModelBundle, choice: string): string {
  if (form === 'padded') return choice
  if (choice === 'cpu') {
    throw usageError(
      `The graph of ${name} is packed and runs on CUDA only: build it with --form padded for the CPU.`,
    )
  }
  return choice === 'auto' ? 'cuda' : choice
}
