import type { Architecture, EncoderConfig } from '../architectures/index.ts'
import type { Dtype, GraphForm } from '../dtype.ts'
import { OnnxGraph } from '../onnx.ts'
import { tensorAs, tensorOf, type WeightSource } from '../weights.ts'
import { formOf, type Form, type Workshop } from './form.ts'
import { floatNumbers } from './float-numbers.ts'
import { numbersOf } from './numbers.ts'

export interface EncoderOptions {
  readonly architecture: Architecture
  readonly config: EncoderConfig
  readonly weights: WeightSource
  readonly dtype: Dtype
  readonly form: GraphForm
}

/**
 * An encoder for sequence classification (post-norm) as an ONNX graph. Inputs `input_ids`,
 * `attention_mask` and, where the architecture has token types, `token_type_ids`, each int64
 * [batch, sequence], padding on the right; output `logits` float32 [batch, 1]. Throws an `Error`
 * when a tensor is missing or has another shape.
 */
export function buildEncoder(options: EncoderOptions): OnnxGraph {
  const graph = new OnnxGraph()
  const workshop = workshopFor(options, graph)
  const form = formOf[options.form](workshop)
  const { architecture, config } = options
  const shape = ['batch', 'sequence']
  const ids = graph.input('input_ids', 'int64', shape)
  const mask = graph.input('attention_mask', 'int64', shape)
  const types = architecture.tokenTypeInput
    ? graph.input('token_type_ids', 'int64', shape)
    : undefined
  let hidden = form.enter(embeddings(options, workshop, ids, types), mask)
  for (let layer = 0; layer < config.layers; layer += 1) {
    const prefix = `${architecture.prefix}.encoder.layer.${String(layer)}`
    const isLast = layer === config.layers - 1
    hidden = feedForward(workshop, form, prefix, attention(workshop, form, prefix, hidden, isLast))
  }
  head(options, workshop, form.leave(hidden))
  graph.output('logits', 'float32', ['batch', 1])
  return graph
}

function workshopFor({ config, weights, dtype }: EncoderOptions, graph: OnnxGraph): Workshop {
  const numbers = numbersOf[dtype](graph)
  return {
    graph,
    numbers,
    config,
    layer: (name, outputs, inputs) => ({
      weight: tensorAs(weights, `${name}.weight`, [outputs, inputs]),
      bias: tensorAs(weights, `${name}.bias`, [outputs]),
    }),
    norm(name) {
      const part = (which: string) =>
        numbers.plain(
          `${name}.${which}`,
          tensorAs(weights, `${name}.${which}`, [config.hiddenSize]),
        )
      return [part('weight'), part('bias')]
    },
  }
}

function embeddings(
  { architecture, config, weights }: EncoderOptions,
  { graph, numbers, norm }: Workshop,
  ids: string,
  types: string | undefined,
): string {
  const { vocabularySize, hiddenSize, maximumPositions, tokenTypes } = config
  const prefix = `${architecture.prefix}.embeddings`
  const table = (name: string, rows: number) =>
    tensorAs(weights, `${prefix}.${name}.weight`, [rows, hiddenSize])
  const word = numbers.rowsOf(`${prefix}.word`, table('word_embeddings', vocabularySize), ids)
  const kinds = table('token_type_embeddings', tokenTypes)
  // One type for all tokens: its row is added as it is.
  const kind =
    types === undefined
      ? numbers.plain(`${prefix}.kind`, tensorOf([hiddenSize], kinds.rows(0, 1), kinds.storage))
      : graph.node('Gather', 'kind', [numbers.plain(`${prefix}.kinds`, kinds), types])
  const sequence = graph.node('Gather', 'sequence_length', [
    graph.node('Shape', 'input_shape', [ids]),
    graph.integers('sequence_axis', [1]),
  ])
  const first = graph.integers('first_position', [architecture.firstPosition])
  const end = graph.node('Add', 'end_position', [sequence, first])
  const places = numbers.plain(`${prefix}.place`, table('position_embeddings', maximumPositions))
  const place = graph.node('Slice', 'place', [places, first, end])
  const sum = graph.node('Add', 'embedding_sum', [
    graph.node('Add', 'word_and_kind', [word, kind]),
    place,
  ])
  return graph.node(
    'LayerNormalization',
    `${prefix}.LayerNorm`,
    [sum, ...norm(`${prefix}.LayerNorm`)],
    {
      axis: -1,
      epsilon: config.layerNormEpsilon,
    },
  )
}

function attention(
  workshop: Workshop,
  form: Form,
  prefix: string,
  hidden: string,
  isLast: boolean,
): string {
  const { hiddenSize } = workshop.config
  const { context, asking } = form.attend(prefix, hidden, isLast)
  const at = `${prefix}.attention.output`
  const written = linear(workshop, `${at}.dense`, context, hiddenSize, hiddenSize)
  return form.addAndNorm(`${at}.LayerNorm`, written, asking)
}

function feedForward(workshop: Workshop, form: Form, prefix: string, hidden: string): string {
  const { hiddenSize, intermediateSize } = workshop.config
  const wide = linear(
    workshop,
    `${prefix}.intermediate.dense`,
    hidden,
    intermediateSize,
    hiddenSize,
  )
  const inner = gelu(workshop, `${prefix}.gelu`, wide)
  const written = linear(workshop, `${prefix}.output.dense`, inner, hiddenSize, intermediateSize)
  return form.addAndNorm(`${prefix}.output.LayerNorm`, written, hidden)
}

/** x · (1 + erf(x / √2)) / 2, in the form that ONNX Runtime fuses into one kernel. */
function gelu({ graph, numbers }: Workshop, at: string, value: string): string {
  const scaled = graph.node('Div', `${at}.scaled`, [value, numbers.scalar('root2', Math.SQRT2)])
  const erf = graph.node('Erf', `${at}.erf`, [scaled])
  const shifted = graph.node('Add', `${at}.shifted`, [erf, numbers.scalar('gelu_one', 1)])
  const product = graph.node('Mul', `${at}.product`, [value, shifted])
  return graph.node('Mul', at, [product, numbers.scalar('half', 0.5)])
}

function linear(
  { numbers, layer }: Workshop,
  name: string,
  input: string,
  outputs: number,
  inputs: number,
): string {
  const { weight, bias } = layer(name, outputs, inputs)
  return numbers.linear(name, input, weight, bias)
}

/** Two small layers that decide: never quantised. */
function head({ architecture, config }: EncoderOptions, workshop: Workshop, first: string): void {
  const { graph } = workshop
  const { dense, out } = architecture.head
  const type = workshop.numbers.type
  const exact = { ...workshop, numbers: floatNumbers(graph, type) }
  const { hiddenSize } = config
  const pooled = graph.node('Tanh', 'pooled', [linear(exact, dense, first, hiddenSize, hiddenSize)])
  const logits = linear(exact, out, pooled, 1, hiddenSize)
  if (type === 'float32') graph.node('Identity', 'logits', [logits])
  else graph.cast('logits', logits, 'float32')
}
