import onnxProto from 'onnx-proto'
import { toFloat16 } from './float16.ts'
import type { Tensor } from './weights.ts'

const { onnx } = onnxProto
type Attribute = number | readonly number[]

const dataTypes = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float16: onnx.TensorProto.DataType.FLOAT16,
  int64: onnx.TensorProto.DataType.INT64,
} as const
export type OnnxType = keyof typeof dataTypes

/** Opset 17 brought LayerNormalization; nothing newer is needed, and older runtimes can still read it. */
const opset = 17
const irVersion = 8

/**
 * Collects nodes and constants of one graph and writes them as an ONNX file. Values are known by
 * name; every method that adds a node returns the name of its output.
 */
export class OnnxGraph {
  readonly #nodes: InstanceType<typeof onnx.NodeProto>[] = []
  readonly #initializers: InstanceType<typeof onnx.TensorProto>[] = []
  readonly #inputs: InstanceType<typeof onnx.ValueInfoProto>[] = []
  readonly #outputs: InstanceType<typeof onnx.ValueInfoProto>[] = []

  /** A dimension that is a string is free and called so. */
  input(name: string, type: OnnxType, shape: readonly (string | number)[]): string {
    this.#inputs.push(valueInfo(name, type, shape))
    return name
  }

  output(name: string, type: OnnxType, shape: readonly (string | number)[]): void {
    this.#outputs.push(valueInfo(name, type, shape))
  }

  /** `name` becomes the name of the output and must be unique in the graph. */
  node(
    operator: string,
    name: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    this.#nodes.push(
      onnx.NodeProto.create({
        opType: operator,
        name,
        input: [...inputs],
        output: [name],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    )
    return name
  }

  cast(name: string, value: string, to: OnnxType): string {
    return this.node('Cast', name, [value], { to: dataTypes[to] })
  }

  constant(name: string, { shape, data, storage }: Tensor): string {
    const stored = storage === 'float16' ? toFloat16(data) : data
    return this.#initializer(name, storage, shape, stored)
  }

  integers(name: string, values: readonly number[], shape = [values.length]): string {
    return this.#initializer(name, 'int64', shape, BigInt64Array.from(values, BigInt))
  }

  scalar(name: string, value: number): string {
    return this.#initializer(name, 'float32', [], Float32Array.of(value))
  }

  /** The file's bytes: the same for the same calls, on every machine. */
  encode(graphName: string): Uint8Array {
    return onnx.ModelProto.encode(
      onnx.ModelProto.create({
        irVersion,
        producerName: 'rerankscope',
        opsetImport: [{ domain: '', version: opset }],
        graph: {
          name: graphName,
          node: this.#nodes,
          initializer: this.#initializers,
          input: this.#inputs,
          output: this.#outputs,
        },
      }),
    ).finish()
  }

  #initializer(
    name: string,
    type: OnnxType,
    shape: readonly number[],
    data: ArrayBufferView,
  ): string {
    // ONNX keeps raw data little-endian, as does every machine that Node runs on.
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    this.#initializers.push(
      onnx.TensorProto.create({ name, dataType: dataTypes[type], dims: [...shape], rawData }),
    )
    return name
  }
}

function valueInfo(name: string, type: OnnxType, shape: readonly (string | number)[]) {
  const dim = shape.map((size) =>
    typeof size === 'string' ? { dimParam: size } : { dimValue: size },
  )
  return onnx.ValueInfoProto.create({
    name,
    type: { tensorType: { elemType: dataTypes[type], shape: { dim } } },
  })
}

function attribute(name: string, value: Attribute) {
  const types = onnx.AttributeProto.AttributeType
  if (typeof value !== 'number') {
    return onnx.AttributeProto.create({ name, type: types.INTS, ints: [...value] })
  }
  // The only attribute of ours that is a fraction is an epsilon; all others are integers.
  return Number.isInteger(value)
    ? onnx.AttributeProto.create({ name, type: types.INT, i: value })
    : onnx.AttributeProto.create({ name, type: types.FLOAT, f: value })
}
