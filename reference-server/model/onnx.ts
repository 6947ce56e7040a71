import onnxProto from 'onnx-proto'
import { elementsOf } from './weights.ts'

const { onnx } = onnxProto
type Attribute = number | readonly number[]

const dataTypes = {
  float32: onnx.TensorProto.DataType.FLOAT,
  float16: onnx.TensorProto.DataType.FLOAT16,
  int64: onnx.TensorProto.DataType.INT64,
  int32: onnx.TensorProto.DataType.INT32,
  int8: onnx.TensorProto.DataType.INT8,
} as const
export type OnnxType = keyof typeof dataTypes
const bytesPer: Readonly<Record<OnnxType, number>> = {
  float32: 4,
  float16: 2,
  int64: 8,
  int32: 4,
  int8: 1,
}

/** Opset 17 brought LayerNormalization; nothing newer is needed, and older runtimes can still read it. */
const opset = 17
const irVersion = 8
/** ONNX Runtime's own operators. */
const contribDomain = 'com.microsoft'
const contribOpset = 1

export interface Constant {
  readonly name: string
  readonly type: OnnxType
  readonly shape: readonly number[]
  /** Of all chunks together. */
  readonly bytes: number
  /** The raw little-endian data, made piece by piece each time it is asked for. */
  readonly chunks: () => Iterable<Uint8Array>
}

/** Where a constant's bytes lie when they are not in the model file itself. */
export interface ExternalPlace {
  readonly location: string
  readonly offset: number
}

/**
 * Collects nodes and constants of one graph and writes them as an ONNX file. Values are known by
 * name; every method that adds a node returns the name of its output.
 */
export class OnnxGraph {
  readonly #nodes: InstanceType<typeof onnx.NodeProto>[] = []
  readonly #constants = new Map<string, Constant>()
  readonly #inputs: InstanceType<typeof onnx.ValueInfoProto>[] = []
  readonly #outputs: InstanceType<typeof onnx.ValueInfoProto>[] = []
  #usesContrib = false

  /** In the order in which they were added; a name comes once. */
  get constants(): readonly Constant[] {
    return [...this.#constants.values()]
  }

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
    this.#add(operator, '', name, inputs, [name], attributes)
    return name
  }

  /** A node with several outputs. */
  nodes(operator: string, outputs: readonly string[], inputs: readonly string[]): void {
    this.#add(operator, '', outputs[0] ?? operator, inputs, outputs, {})
  }

  /** An operator of ONNX Runtime's own; the first of `outputs` names the node. */
  contrib(
    operator: string,
    outputs: readonly string[],
    inputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    this.#usesContrib = true
    const [name = operator] = outputs
    this.#add(operator, contribDomain, name, inputs, outputs, attributes)
    return name
  }

  cast(name: string, value: string, to: OnnxType): string {
    return this.node('Cast', name, [value], { to: dataTypes[to] })
  }

  constant(
    name: string,
    type: OnnxType,
    shape: readonly number[],
    chunks: () => Iterable<Uint8Array>,
  ): string {
    if (!this.#constants.has(name)) {
      const bytes = elementsOf(shape) * bytesPer[type]
      this.#constants.set(name, { name, type, shape, bytes, chunks })
    }
    return name
  }

  integers(name: string, values: readonly number[]): string {
    return this.constant(name, 'int64', [values.length], () => [
      bytesOf(BigInt64Array.from(values, BigInt)),
    ])
  }

  /**
   * The file's bytes: the same for the same calls, on every machine. Constants that `places` does
   * not name are written into it; a file may not hold 2 GiB or more.
   */
  encode(graphName: string, places: ReadonlyMap<string, ExternalPlace> = new Map()): Uint8Array {
    const opsetImport = [{ domain: '', version: opset }]
    if (this.#usesContrib) opsetImport.push({ domain: contribDomain, version: contribOpset })
    return onnx.ModelProto.encode(
      onnx.ModelProto.create({
        irVersion,
        producerName: 'rerankscope',
        opsetImport,
        graph: {
          name: graphName,
          node: this.#nodes,
          initializer: this.constants.map((one) => initializer(one, places.get(one.name))),
          input: this.#inputs,
          output: this.#outputs,
        },
      }),
    ).finish()
  }

  #add(
    operator: string,
    domain: string,
    name: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, Attribute>>,
  ): void {
    this.#nodes.push(
      onnx.NodeProto.create({
        opType: operator,
        domain,
        name,
        input: [...inputs],
        output: [...outputs],
        attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
      }),
    )
  }
}

/** ONNX keeps raw data little-endian, as does every machine that Node runs on. */
export function bytesOf(data: ArrayBufferView): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

function initializer({ name, type, shape, bytes, chunks }: Constant, place?: ExternalPlace) {
  const common = { name, dataType: dataTypes[type], dims: [...shape] }
  if (place === undefined) {
    return onnx.TensorProto.create({ ...common, rawData: Buffer.concat([...chunks()]) })
  }
  const external = { location: place.location, offset: place.offset, length: bytes }
  return onnx.TensorProto.create({
    ...common,
    dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
    externalData: Object.entries(external).map(([key, value]) => ({ key, value: String(value) })),
  })
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
