import { usageError } from '../../core/errors.ts'

/** Number formats that a graph can compute in, in the words of TEI and of model cards. */
export const dtypes = ['float32', 'float16', 'int8'] as const
export type Dtype = (typeof dtypes)[number]

/** As they are typed on a command line, and the end of a graph's file name (as transformers.js has it). */
export const dtypeNames: Readonly<Record<string, Dtype>> = {
  fp32: 'float32',
  fp16: 'float16',
  int8: 'int8',
}

/**
 * `padded` graphs use ONNX's own operators and run on every provider. `packed` ones leave padding
 * out of all the work (RemovePadding, PackedAttention) and run on ONNX Runtime's CUDA provider only.
 */
export const graphForms = ['padded', 'packed'] as const
export type GraphForm = (typeof graphForms)[number]

/** From `--dtype`: undefined for `auto`. Throws a usage error that lists the choices. */
export function parseDtype(text: string): Dtype | undefined {
  if (text === 'auto') return undefined
  const found = dtypes.find((one) => one === text) ?? dtypeNames[text]
  if (found === undefined) {
    throw usageError(
      `--dtype ${text} is not possible: give auto, ${Object.keys(dtypeNames).join(', ')}.`,
    )
  }
  return found
}
