import type { Dtype } from '../dtype.ts'
import type { OnnxGraph } from '../onnx.ts'
import type { Tensor } from '../weights.ts'
import { floatNumbers } from './float-numbers.ts'
import { int8Numbers } from './int8-numbers.ts'

/** How a graph keeps its weights and computes with them. Every method returns the name of its value. */
export interface Numbers {
  /** What values between the operators are. */
  readonly type: 'float32' | 'float16'
  /** The weights as a constant of `type`, as they are. */
  plain(name: string, tensor: Tensor): string
  scalar(name: string, value: number): string
  /** Rows of a table: one for each of `ids`. */
  rowsOf(name: string, table: Tensor, ids: string): string
  /** input · weightᵀ + bias; weight as [out, in]. */
  linear(name: string, input: string, weight: Tensor, bias: Tensor): string
}

/** One more = one file and one line here (and its name in `dtype.ts`). */
export const numbersOf: Readonly<Record<Dtype, (graph: OnnxGraph) => Numbers>> = {
  float32: (graph) => floatNumbers(graph, 'float32'),
  float16: (graph) => floatNumbers(graph, 'float16'),
  int8: int8Numbers,
}
