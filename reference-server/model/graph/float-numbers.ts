import { toFloat16 } from '../float16.ts'
import { bytesOf, type OnnxGraph } from '../onnx.ts'
import { piecesOf, transposed, type StorageType, type Tensor } from '../weights.ts'
import type { Numbers } from './numbers.ts'

/** Weights and values of one floating-point type. */
export function floatNumbers(graph: OnnxGraph, type: StorageType): Numbers {
  const plain = (name: string, tensor: Tensor): string => {
    // A tensor that is kept smaller than the graph computes is widened where it is used.
    if (type === 'float16' || tensor.storage === 'float32') {
      return stored(graph, name, tensor, type)
    }
    return graph.cast(`${name}.wide`, stored(graph, name, tensor, tensor.storage), type)
  }
  return {
    type,
    plain,
    scalar: (name, value) =>
      graph.constant(name, type, [], () => encoded(Float32Array.of(value), type)),
    rowsOf(name, table, ids) {
      const small = type === 'float16' ? type : table.storage
      const rows = graph.node('Gather', `${name}.rows`, [
        stored(graph, `${name}.weight`, table, small),
        ids,
      ])
      // Few rows are widened, not the table.
      return small === type ? rows : graph.cast(`${name}.wide`, rows, type)
    },
    linear(name, input, weight, bias) {
      const product = graph.node('MatMul', `${name}.product`, [
        input,
        plain(`${name}.weight`, transposed(weight)),
      ])
      return graph.node('Add', name, [product, plain(`${name}.bias`, bias)])
    },
  }
}

/** A tensor as a constant of a floating-point type. */
export function stored(graph: OnnxGraph, name: string, tensor: Tensor, type: StorageType): string {
  return graph.constant(name, type, tensor.shape, function* () {
    for (const { numbers } of piecesOf(tensor)) yield* encoded(numbers, type)
  })
}

function encoded(numbers: Float32Array, type: StorageType): readonly Uint8Array[] {
  return [bytesOf(type === 'float16' ? toFloat16(numbers) : numbers)]
}
