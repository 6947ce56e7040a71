import onnxProto from 'onnx-proto'
import { erf } from './forward.ts'

const { onnx } = onnxProto
type Model = ReturnType<typeof onnx.ModelProto.decode>
type Node = NonNullable<NonNullable<Model['graph']>['node']>[number]

interface Value {
  readonly dims: readonly number[]
  readonly data: Float64Array
}

/**
 * Evaluates a packed graph in float64, operator by operator, as the operators' documents say: no
 * runtime but CUDA's has RemovePadding and PackedAttention. Knows what packed graphs of ours use;
 * anything else, an unknown input or a wrong domain makes it throw.
 */
export function evaluate(
  bytes: Uint8Array,
  {
    shape,
    ...feeds
  }: { readonly shape: readonly number[] } & Readonly<Record<string, readonly number[]>>,
): number[] {
  const model = onnx.ModelProto.decode(bytes)
  const graph = model.graph!
  const domains = new Set(model.opsetImport.map(({ domain }) => domain ?? ''))
  const values = new Map<string, Value>()
  for (const { name } of graph.input!) {
    values.set(name!, { dims: shape, data: Float64Array.from(feeds[name!] ?? []) })
  }
  for (const one of graph.initializer!) values.set(one.name!, constant(one))
  for (const node of graph.node!) {
    const domain = node.domain ?? ''
    if (!domains.has(domain)) throw new Error(`no opset of ${JSON.stringify(domain)} is imported`)
    const operator = operators[`${domain}:${node.opType!}`]
    if (operator === undefined) throw new Error(`no operator ${domain}:${node.opType!}`)
    const inputs = node.input!.map((name) => {
      const value = values.get(name)
      if (value === undefined) throw new Error(`${node.name!} reads ${name}, which nothing wrote`)
      return value
    })
    for (const [at, value] of operator(inputs, node).entries()) values.set(node.output![at]!, value)
  }
  return Array.from(values.get(graph.output![0]!.name!)!.data)
}

function constant(tensor: NonNullable<NonNullable<Model['graph']>['initializer']>[number]): Value {
  const types = onnx.TensorProto.DataType
  const raw = Uint8Array.from(tensor.rawData!).buffer
  const numbers =
    tensor.dataType === types.INT64
      ? Array.from(new BigInt64Array(raw), Number)
      : tensor.dataType === types.FLOAT
        ? Array.from(new Float32Array(raw))
        : undefined
  if (numbers === undefined) throw new Error(`${tensor.name!} has another type`)
  return { dims: tensor.dims!.map(Number), data: Float64Array.from(numbers) }
}

type Operator = (inputs: readonly Value[], node: Node) => readonly Value[]

const attributeOf = (node: Node, name: string) => node.attribute!.find((one) => one.name === name)

const elementwise =
  (of: (a: number, b: number) => number): Operator =>
  ([a, b]) => {
    // The smaller is repeated over the larger's leading dimensions, as all of ours are.
    const [large, small] = a!.data.length >= b!.data.length ? [a!, b!] : [b!, a!]
    const tail = large.dims.slice(large.dims.length - small.dims.length)
    if (small.data.length > 1 && tail.join() !== small.dims.join()) {
      throw new Error(`[${a!.dims.join()}] and [${b!.dims.join()}] do not go together`)
    }
    const at = (value: Value, index: number) => value.data[index % value.data.length]!
    return [{ dims: large.dims, data: large.data.map((_, i) => of(at(a!, i), at(b!, i))) }]
  }

const each =
  (of: (x: number) => number): Operator =>
  ([x]) => [{ dims: x!.dims, data: x!.data.map(of) }]

const product = (dims: readonly number[]) => dims.reduce((all, size) => all * size, 1)

const matMul: Operator = ([a, b]) => {
  const [rows, columns] = b!.dims as [number, number]
  const height = a!.data.length / rows
  if (a!.dims.at(-1) !== rows) throw new Error('MatMul of sizes that do not fit')
  const data = new Float64Array(height * columns)
  for (let i = 0; i < height; i += 1)
    for (let j = 0; j < columns; j += 1)
      for (let k = 0; k < rows; k += 1)
        data[i * columns + j]! += a!.data[i * rows + k]! * b!.data[k * columns + j]!
  return [{ dims: [...a!.dims.slice(0, -1), columns], data }]
}

const gather: Operator = ([table, ids], node) => {
  if (Number(attributeOf(node, 'axis')?.i ?? 0) !== 0) throw new Error('Gather of another axis')
  const width = product(table!.dims.slice(1))
  const rows = Array.from(ids!.data, (id) => table!.data.slice(id * width, (id + 1) * width))
  if (rows.some((row) => row.length !== width)) throw new Error('Gather behind the end')
  return [
    {
      dims: [...ids!.dims, ...table!.dims.slice(1)],
      data: Float64Array.from(rows.flatMap((row) => Array.from(row))),
    },
  ]
}

const slice: Operator = ([value, from, to]) => {
  const [first = 0, ...rest] = value!.dims
  const end = to!.data[0]! < 0 ? first + to!.data[0]! : Math.min(first, to!.data[0]!)
  const width = product(rest)
  const start = from!.data[0]!
  return [{ dims: [end - start, ...rest], data: value!.data.slice(start * width, end * width) }]
}

const reduceSum: Operator = ([value]) => {
  const [rows, width] = value!.dims as [number, number]
  const data = Float64Array.from({ length: rows }, (_, row) =>
    value!.data.slice(row * width, (row + 1) * width).reduce((sum, x) => sum + x, 0),
  )
  return [{ dims: [rows], data }]
}

const norm = (value: Value, scale: Value, shift: Value, node: Node): Value => {
  const width = value.dims.at(-1)!
  const epsilon = attributeOf(node, 'epsilon')!.f!
  const data = new Float64Array(value.data.length)
  for (let from = 0; from < data.length; from += width) {
    const row = value.data.slice(from, from + width)
    const mean = row.reduce((sum, x) => sum + x, 0) / width
    const variance = row.reduce((sum, x) => sum + (x - mean) ** 2, 0) / width
    for (const [at, x] of row.entries()) {
      data[from + at] =
        ((x - mean) / Math.sqrt(variance + epsilon)) * scale.data[at]! + shift.data[at]!
    }
  }
  return { dims: value.dims, data }
}

/** [batch, sequence, hidden] and tokens of each → tokens, their places, where sequences start, the longest. */
const removePadding: Operator = ([value, counts]) => {
  const [batch, sequence, width] = value!.dims as [number, number, number]
  const places = (padding: boolean) =>
    Array.from({ length: batch }, (_, row) =>
      Array.from({ length: sequence }, (_unused, at) => ({
        place: row * sequence + at,
        at,
      })).filter(({ at }) => at >= counts!.data[row]! === padding),
    )
      .flat()
      .map(({ place }) => place)
  const [tokens, padding] = [places(false), places(true)]
  const starts = [0]
  for (const count of counts!.data) starts.push(starts.at(-1)! + count)
  return [
    {
      dims: [tokens.length, width],
      data: Float64Array.from(
        tokens.flatMap((at) => Array.from(value!.data.slice(at * width, (at + 1) * width))),
      ),
    },
    { dims: [batch, sequence], data: Float64Array.from([...tokens, ...padding]) },
    { dims: [batch + 1], data: Float64Array.from(starts) },
    { dims: [1], data: Float64Array.of(Math.max(...counts!.data)) },
  ]
}

const packedAttention: Operator = ([value, weights, bias, offsets, starts], node) => {
  const [batch] = offsets!.dims
  if (starts!.dims[0] !== batch! + 1) throw new Error('PackedAttention wants a start for each pair')
  const heads = Number(attributeOf(node, 'num_heads')!.i)
  const [hidden, triple] = weights!.dims as [number, number]
  if (triple !== 3 * hidden || bias!.data.length !== triple) {
    throw new Error('PackedAttention wants query, key and value beside each other')
  }
  const projected = matMul([value!, weights!], node)[0]!.data.map(
    (x, at) => x + bias!.data[at % triple]!,
  )
  const size = hidden / heads
  const part = (token: number, which: number, head: number, at: number) =>
    projected[token * triple + which * hidden + head * size + at]!
  const data = new Float64Array(value!.data.length)
  const sizes = Array.from({ length: size }, (_, at) => at)
  for (let pair = 0; pair < batch!; pair += 1) {
    const [from, to] = [starts!.data[pair]!, starts!.data[pair + 1]!]
    const tokens = Array.from({ length: to - from }, (_, at) => from + at)
    for (const token of tokens)
      for (let head = 0; head < heads; head += 1) {
        const powers = tokens.map((other) =>
          Math.exp(
            sizes.reduce(
              (sum, at) => sum + part(token, 0, head, at) * part(other, 1, head, at),
              0,
            ) / Math.sqrt(size),
          ),
        )
        const total = powers.reduce((sum, power) => sum + power, 0)
        for (const at of sizes) {
          data[token * hidden + head * size + at] = tokens.reduce(
            (sum, other, j) => sum + (powers[j]! / total) * part(other, 2, head, at),
            0,
          )
        }
      }
  }
  return [{ dims: value!.dims, data }]
}

const operators: Readonly<Record<string, Operator>> = {
  ':Add': elementwise((a, b) => a + b),
  ':Mul': elementwise((a, b) => a * b),
  ':Div': elementwise((a, b) => a / b),
  ':Erf': each(erf),
  ':Tanh': each(Math.tanh),
  ':Identity': each((x) => x),
  ':Cast': each((x) => x),
  ':Shape': ([x]) => [{ dims: [x!.dims.length], data: Float64Array.from(x!.dims) }],
  ':MatMul': matMul,
  ':Gather': gather,
  ':Slice': slice,
  ':ReduceSum': reduceSum,
  ':LayerNormalization': ([x, scale, shift], node) => [norm(x!, scale!, shift!, node)],
  'com.microsoft:RemovePadding': removePadding,
  'com.microsoft:PackedAttention': packedAttention,
  'com.microsoft:SkipLayerNormalization': ([x, skip, scale, shift], node) => [
    norm(elementwise((a, b) => a + b)([x!, skip!], node)[0]!, scale!, shift!, node),
  ],
}
