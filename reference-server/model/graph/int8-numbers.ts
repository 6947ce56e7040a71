import { bytesOf, type OnnxGraph } from '../onnx.ts'
import { numbersOf, piecesOf, rowWidth, tensorOf, type Tensor } from '../weights.ts'
import { floatNumbers, stored } from './float-numbers.ts'
import type { Numbers } from './numbers.ts'

/**
 * The largest weight. Seven bits of eight: processors without VNNI add two products of an unsigned
 * and a signed byte in 16 bits, and 2 · 255 · 127 does not fit there, so scores would depend on the machine.
 */
const largest = 64

/**
 * Dynamic quantisation as ONNX Runtime does it: weights as int8 with one scale for each output, the
 * values that they are multiplied with as uint8 with one scale for each run. The word table is int8
 * with one scale for each word. Everything else stays float32.
 */
export function int8Numbers(graph: OnnxGraph): Numbers {
  const float = floatNumbers(graph, 'float32')
  /** Query, key and value ask for the same input: it is quantised once. */
  const quantised = new Set<string>()
  const quantise = (input: string) => {
    const outputs = [`${input}.bytes`, `${input}.scale`, `${input}.zero`] as const
    if (!quantised.has(input)) graph.nodes('DynamicQuantizeLinear', outputs, [input])
    quantised.add(input)
    return outputs
  }
  return {
    ...float,
    rowsOf(name, table, ids) {
      const scales = scalesOf(table)
      const bytes = graph.node('Gather', `${name}.rows`, [
        int8Rows(graph, name, table, scales),
        ids,
      ])
      const scale = graph.node('Gather', `${name}.row_scales`, [
        stored(graph, `${name}.scales`, tensorOf([scales.length, 1], scales), 'float32'),
        ids,
      ])
      return graph.node('Mul', `${name}.wide`, [
        graph.cast(`${name}.float`, bytes, 'float32'),
        scale,
      ])
    },
    linear(name, input, weight, bias) {
      const scales = scalesOf(weight)
      const [bytes, inputScale, zero] = quantise(input)
      const product = graph.node('MatMulInteger', `${name}.integers`, [
        bytes,
        int8Columns(graph, name, weight, scales),
        zero,
      ])
      const scale = graph.node('Mul', `${name}.scale`, [
        inputScale,
        stored(graph, `${name}.scales`, tensorOf([scales.length], scales), 'float32'),
      ])
      const wide = graph.node('Mul', `${name}.product`, [
        graph.cast(`${name}.float`, product, 'float32'),
        scale,
      ])
      return graph.node('Add', name, [wide, float.plain(`${name}.bias`, bias)])
    },
  }
}

/** One a row: what 1 of int8 is worth. A row of zeros gets 1, so that nothing divides by zero. */
function scalesOf(tensor: Tensor): Float32Array {
  const width = rowWidth(tensor.shape)
  const scales = new Float32Array(tensor.shape[0] ?? 0)
  for (const { from, numbers } of piecesOf(tensor)) {
    for (let row = 0; row < numbers.length / width; row += 1) {
      let most = 0
      for (let at = row * width; at < (row + 1) * width; at += 1) {
        most = Math.max(most, Math.abs(numbers[at] ?? 0))
      }
      scales[from + row] = most === 0 ? 1 : most / largest
    }
  }
  return scales
}

/** [rows, width] with a scale a row. */
function int8Rows(graph: OnnxGraph, name: string, tensor: Tensor, scales: Float32Array): string {
  const width = rowWidth(tensor.shape)
  return graph.constant(`${name}.weight`, 'int8', tensor.shape, function* () {
    for (const { from, numbers } of piecesOf(tensor)) {
      const bytes = new Int8Array(numbers.length)
      for (let at = 0; at < numbers.length; at += 1) {
        const scale = scales[from + Math.floor(at / width)] ?? 1
        bytes[at] = Math.round((numbers[at] ?? 0) / scale)
      }
      yield bytesOf(bytes)
    }
  })
}

/** [out, in] → [in, out] with a scale a column. */
function int8Columns(graph: OnnxGraph, name: string, weight: Tensor, scales: Float32Array): string {
  const [outputs = 0, inputs = 0] = weight.shape
  return graph.constant(`${name}.weight`, 'int8', [inputs, outputs], () => {
    const numbers = numbersOf(weight)
    const bytes = new Int8Array(numbers.length)
    for (let output = 0; output < outputs; output += 1) {
      const scale = scales[output] ?? 1
      for (let input = 0; input < inputs; input += 1) {
        bytes[input * outputs + output] = Math.round(
          (numbers[output * inputs + input] ?? 0) / scale,
        )
      }
    }
    return [bytesOf(bytes)]
  })
}
