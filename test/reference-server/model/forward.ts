import type { EncoderConfig } from '../../../reference-server/model/architectures/index.ts'
import { toFloat16 } from '../../../reference-server/model/float16.ts'
import { numbersOf, type WeightSource } from '../../../reference-server/model/weights.ts'
import { fromFloat16 } from './float16.ts'

/** What the two architectures differ in, written down again: the builder's own words would prove nothing. */
const families = {
  bert: { prefix: 'bert', firstPosition: 0, dense: 'bert.pooler.dense', out: 'classifier' },
  'xlm-roberta': {
    prefix: 'roberta',
    firstPosition: 2,
    dense: 'classifier.dense',
    out: 'classifier.out_proj',
  },
} as const

export interface Checkpoint {
  readonly family: keyof typeof families
  readonly config: EncoderConfig
  readonly weights: WeightSource
}

type Matrix = number[][]

/**
 * The encoder's forward pass in float64, written from the papers for one unpadded sequence: an
 * independent witness of what the ONNX graph should compute. No shortcut for the first token, no
 * batches, no masks.
 */
export function logitOf(
  { family, config, weights }: Checkpoint,
  ids: readonly number[],
  types: readonly number[],
): number {
  const { heads, hiddenSize, layers, layerNormEpsilon } = config
  const { prefix: model, firstPosition, dense, out } = families[family]
  const numbers = (name: string): number[] => {
    const tensor = weights.tensor(name)
    const data = numbersOf(tensor)
    return tensor.storage === 'float16'
      ? Array.from(toFloat16(data), fromFloat16)
      : Array.from(data)
  }
  const row = (table: number[], at: number) => table.slice(at * hiddenSize, (at + 1) * hiddenSize)
  const linear = (name: string, rows: Matrix): Matrix => {
    const bias = numbers(`${name}.bias`)
    const weight = numbers(`${name}.weight`)
    const width = weight.length / bias.length
    return rows.map((input) =>
      bias.map((start, out) =>
        input.reduce((sum, value, at) => sum + value * weight[out * width + at]!, start),
      ),
    )
  }
  const norm = (name: string, rows: Matrix): Matrix => {
    const scale = numbers(`${name}.weight`)
    const bias = numbers(`${name}.bias`)
    return rows.map((input) => {
      const mean = input.reduce((sum, value) => sum + value, 0) / input.length
      const variance = input.reduce((sum, value) => sum + (value - mean) ** 2, 0) / input.length
      const root = Math.sqrt(variance + layerNormEpsilon)
      return input.map((value, at) => ((value - mean) / root) * scale[at]! + bias[at]!)
    })
  }
  const plus = (a: Matrix, b: Matrix): Matrix =>
    a.map((one, at) => one.map((value, column) => value + b[at]![column]!))

  const words = numbers(`${model}.embeddings.word_embeddings.weight`)
  const places = numbers(`${model}.embeddings.position_embeddings.weight`)
  const kinds = numbers(`${model}.embeddings.token_type_embeddings.weight`)
  let hidden = norm(
    `${model}.embeddings.LayerNorm`,
    ids.map((id, at) => {
      const [place, kind] = [row(places, at + firstPosition), row(kinds, types[at]!)]
      return row(words, id).map((value, column) => value + place[column]! + kind[column]!)
    }),
  )
  for (let layer = 0; layer < layers; layer += 1) {
    const prefix = `${model}.encoder.layer.${String(layer)}`
    const [query, key, value] = ['query', 'key', 'value'].map((part) =>
      linear(`${prefix}.attention.self.${part}`, hidden),
    ) as [Matrix, Matrix, Matrix]
    const size = hiddenSize / heads
    const context = hidden.map((_, at) =>
      Array.from({ length: heads }, (_unused, head) => {
        const part = (rows: number[]) => rows.slice(head * size, (head + 1) * size)
        const logits = key.map(
          (other) =>
            part(other).reduce((sum, one, column) => sum + one * part(query[at]!)[column]!, 0) /
            Math.sqrt(size),
        )
        const highest = Math.max(...logits)
        const powers = logits.map((logit) => Math.exp(logit - highest))
        const total = powers.reduce((sum, power) => sum + power, 0)
        return Array.from({ length: size }, (_column, column) =>
          powers.reduce((sum, power, j) => sum + (power / total) * part(value[j]!)[column]!, 0),
        )
      }).flat(),
    )
    hidden = norm(
      `${prefix}.attention.output.LayerNorm`,
      plus(linear(`${prefix}.attention.output.dense`, context), hidden),
    )
    const inner = linear(`${prefix}.intermediate.dense`, hidden).map((one) => one.map(gelu))
    hidden = norm(
      `${prefix}.output.LayerNorm`,
      plus(linear(`${prefix}.output.dense`, inner), hidden),
    )
  }
  const pooled = linear(dense, [hidden[0]!]).map((one) => one.map(Math.tanh))
  return linear(out, pooled)[0]![0]!
}

function gelu(x: number): number {
  return 0.5 * x * (1 + erf(x / Math.SQRT2))
}

/** The error function by its Maclaurin series, exact to 1e-12 where it is not yet ±1. */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x)
  let term = x
  let sum = x
  for (let n = 1; n < 200; n += 1) {
    term *= (-x * x) / n
    sum += term / (2 * n + 1)
  }
  return (2 / Math.sqrt(Math.PI)) * sum
}
