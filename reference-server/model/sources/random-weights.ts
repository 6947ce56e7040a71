import type { Architecture, EncoderConfig } from '../architectures/index.ts'
import { uniform } from '../random.ts'
import { rowWidth, type Tensor, type WeightSource } from '../weights.ts'

/**
 * Attention logits get a standard deviation of its square, 2: as peaked as trained heads are. With
 * the usual initialisation all documents would score the same, and no comparison of two graphs
 * could fail.
 */
const askingGain = Math.SQRT2
const outGain = 2
const small = 0.02

/**
 * Seeded random numbers for every tensor of an architecture: the same for the same name, shape and
 * seed, whichever rows are asked for and in whatever order. Linear weights have a standard deviation
 * of gain / √inputs, so that values neither fade nor grow from layer to layer.
 */
export function randomWeights(
  architecture: Architecture,
  config: EncoderConfig,
  seed: number,
): WeightSource {
  return {
    tensor(name) {
      const shape = shapeOf(name, architecture, config)
      if (shape === undefined) throw new Error(`a twin has no tensor ${name}`)
      return randomTensor(name, shape, seed, spreadOf(name, shape, architecture))
    },
  }
}

function shapeOf(
  name: string,
  { head }: Architecture,
  config: EncoderConfig,
): readonly number[] | undefined {
  const { hiddenSize, intermediateSize } = config
  const part = name.endsWith('.weight') ? 'weight' : 'bias'
  const owner = name.slice(0, -part.length - 1)
  const linear = (outputs: number, inputs: number) =>
    part === 'weight' ? [outputs, inputs] : [outputs]
  if (owner.endsWith('LayerNorm')) return [hiddenSize]
  if (owner === head.out) return linear(1, hiddenSize)
  if (owner === head.dense || owner.includes('.attention.')) return linear(hiddenSize, hiddenSize)
  if (owner.endsWith('.intermediate.dense')) return linear(intermediateSize, hiddenSize)
  if (owner.endsWith('.output.dense')) return linear(hiddenSize, intermediateSize)
  if (owner.endsWith('.word_embeddings')) return [config.vocabularySize, hiddenSize]
  if (owner.endsWith('.position_embeddings')) return [config.maximumPositions, hiddenSize]
  if (owner.endsWith('.token_type_embeddings')) return [config.tokenTypes, hiddenSize]
  return undefined
}

interface Spread {
  readonly middle: number
  readonly deviation: number
}

function spreadOf(name: string, shape: readonly number[], { head }: Architecture): Spread {
  if (name.endsWith('LayerNorm.weight')) return { middle: 1, deviation: small }
  if (shape.length < 2 || name.includes('embeddings')) return { middle: 0, deviation: small }
  const root = Math.sqrt(rowWidth(shape))
  if (name.startsWith(head.out)) return { middle: 0, deviation: outGain / root }
  const asks = name.includes('.self.query.') || name.includes('.self.key.')
  return { middle: 0, deviation: (asks ? askingGain : 1) / root }
}

function randomTensor(
  name: string,
  shape: readonly number[],
  seed: number,
  { middle, deviation }: Spread,
): Tensor {
  const width = rowWidth(shape)
  const own = hashOf(name, seed)
  return {
    shape,
    storage: 'float32',
    rows: (from, to) =>
      // A uniform distribution of this half-width has the deviation wanted.
      uniform(own, from * width, (to - from) * width, middle, Math.sqrt(3) * deviation),
  }
}

/** FNV-1a, so that tensors of one model do not repeat each other. */
function hashOf(name: string, seed: number): number {
  let hash = (0x811c9dc5 ^ seed) >>> 0
  for (const character of name) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0
  }
  return hash
}
