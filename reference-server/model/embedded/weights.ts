import type { EncoderConfig } from '../architectures/index.ts'
import { tensorOf, type Tensor, type WeightSource } from '../weights.ts'
import { balancedCodes } from './codes.ts'
import { minimumSalience, specialTokens, type VocabularyEntry } from './vocabulary.ts'

/**
 * Constructed weights: what each part of this small BERT computes is known.
 *
 * - A token's embedding is a code of 28 signs, its salience and a mark on [CLS]; a last pair of
 *   channels fills every vector up to mean 0 and variance 1, so that LayerNorm leaves it as it is.
 *   Positions say nothing: the model compares bags of tokens.
 * - Layer 1, head 0: each query token attends to equal document tokens, or else to [CLS]; it
 *   learns whether the document covers it. Head 1: the same from document to query.
 *   The feed-forward step pushes the result towards 0 or 1.
 * - Layer 2, head 0: [CLS] averages over query tokens, weighted by salience: the coverage of the
 *   query. Head 1: the same over document tokens: how dense the hits are.
 * - Pooler and classifier add coverage and a little density to the logit.
 */
const hiddenSize = 64
const headSize = 32
const codeSize = 28
const intermediateSize = 16

/** Channels beside the code. Each value v is kept as v and -v, which keeps the mean at 0. */
const channel = {
  salience: 28,
  isClassification: 30,
  isDocument: 32,
  covered: 34,
  hit: 36,
  coverage: 38,
  density: 40,
  filler: 42,
} as const

/** Attention logit per agreeing sign: at 2 one equal token outweighs the sink 55 to 1. */
const codeGain = 2
/** The sink's logit lies halfway between equality (28 agreeing signs) and the next possible (24). */
const sinkAgreement = 26
/** Keeps attention inside the other segment: larger than `codeGain` times one step of agreement. */
const segmentGain = 10
/** What a head writes, and what the feed-forward step adds when it is sure. */
const writtenShare = 0.5
const bonus = 0.5
const stepSlope = 20
const stepFrom = 0.15
const stepTo = 0.35
const pooling = { coverage: 1, density: 2, middle: 0.5 } as const
const classifying = { coverage: 10, density: 0.5 } as const

export function embeddedConfig(vocabularySize: number): EncoderConfig {
  return {
    vocabularySize,
    hiddenSize,
    heads: hiddenSize / headSize,
    layers: 2,
    intermediateSize,
    maximumPositions: 512,
    tokenTypes: 2,
    layerNormEpsilon: 1e-12,
  }
}

export function embeddedWeights(
  config: EncoderConfig,
  vocabulary: readonly VocabularyEntry[],
): WeightSource {
  const tensors = new Map<string, Tensor>()
  const put = (name: string, tensor: Tensor) => tensors.set(name, tensor)
  const linear = (name: string, outputs: number, inputs: number, fill: (to: Linear) => void) => {
    const layer = new Linear(outputs, inputs)
    fill(layer)
    put(`${name}.weight`, tensorOf([outputs, inputs], layer.weight))
    put(`${name}.bias`, tensorOf([outputs], layer.bias))
  }
  const norm = (name: string) => {
    put(`${name}.weight`, tensorOf([hiddenSize], new Float32Array(hiddenSize).fill(1)))
    put(`${name}.bias`, tensorOf([hiddenSize], new Float32Array(hiddenSize)))
  }
  const embeddings = 'bert.embeddings'
  put(`${embeddings}.word_embeddings.weight`, wordEmbeddings(vocabulary))
  const places = [config.maximumPositions, hiddenSize]
  const nothing = new Float32Array(config.maximumPositions * hiddenSize)
  put(`${embeddings}.position_embeddings.weight`, tensorOf(places, nothing, 'float16'))
  put(`${embeddings}.token_type_embeddings.weight`, typeEmbeddings())
  norm(`${embeddings}.LayerNorm`)
  for (const [at, { parts, inner, outer }] of layers.entries()) {
    const prefix = `bert.encoder.layer.${String(at)}`
    for (const [part, fill] of Object.entries(parts)) {
      linear(`${prefix}.attention.${part}`, hiddenSize, hiddenSize, fill)
    }
    norm(`${prefix}.attention.output.LayerNorm`)
    linear(`${prefix}.intermediate.dense`, intermediateSize, hiddenSize, inner)
    linear(`${prefix}.output.dense`, hiddenSize, intermediateSize, outer)
    norm(`${prefix}.output.LayerNorm`)
  }
  linear('bert.pooler.dense', hiddenSize, hiddenSize, poolerLayer)
  linear('classifier', 1, hiddenSize, classifierLayer)
  return {
    tensor(name) {
      const tensor = tensors.get(name)
      if (tensor === undefined) throw new Error(`the embedded model has no tensor ${name}`)
      return tensor
    },
  }
}

/** A linear layer under construction: weight [outputs, inputs], bias [outputs]. */
class Linear {
  readonly weight: Float32Array
  readonly bias: Float32Array
  readonly #inputs: number

  constructor(outputs: number, inputs: number) {
    this.#inputs = inputs
    this.weight = new Float32Array(outputs * inputs)
    this.bias = new Float32Array(outputs)
  }

  set(output: number, input: number, value: number): void {
    this.weight[output * this.#inputs + input] = value
  }

  /** Writes `value` times the input to a channel and its negative. */
  setPair(output: number, input: number, value: number): void {
    this.set(output, input, value)
    this.set(output + 1, input, -value)
  }
}

type Fill = (layer: Linear) => void
/** Attention divides its logits by this; queries are multiplied by it to undo that. */
const root = Math.sqrt(headSize)
const covering = 0
const hitting = headSize

const layers: readonly {
  readonly parts: Readonly<Record<string, Fill>>
  readonly inner: Fill
  readonly outer: Fill
}[] = [
  {
    parts: {
      'self.query': (to) => {
        for (const head of [covering, hitting]) {
          for (let at = 0; at < codeSize; at += 1) to.set(head + at, at, codeGain * root)
          to.bias[head + codeSize] = root
          to.set(head + codeSize + 1, channel.isDocument, segmentGain * root)
        }
      },
      'self.key': (to) => {
        for (const head of [covering, hitting]) {
          for (let at = 0; at < codeSize; at += 1) to.set(head + at, at, 1)
          // [CLS] lies in the query segment: near to document tokens, far from query tokens.
          const towards = head === covering ? 2 * segmentGain : 0
          const sink = codeGain * sinkAgreement + towards
          to.set(head + codeSize, channel.isClassification, sink)
          to.set(head + codeSize + 1, channel.isDocument, -1)
        }
      },
      'self.value': (to) => {
        to.bias[covering] = 0.5
        to.set(covering, channel.isDocument, 0.5)
        to.bias[hitting] = 0.5
        to.set(hitting, channel.isDocument, -0.5)
        to.set(hitting, channel.isClassification, -1)
      },
      'output.dense': (to) => {
        to.setPair(channel.covered, covering, writtenShare)
        to.setPair(channel.hit, hitting, writtenShare)
      },
    },
    inner: (to) => {
      for (const [at, from] of [channel.covered, channel.hit].entries()) {
        step(to, 2 * at, from)
      }
    },
    outer: (to) => {
      for (const [at, target] of [channel.covered, channel.hit].entries()) {
        const full = bonus / (stepSlope * (stepTo - stepFrom))
        for (const sign of [0, 1]) {
          to.set(target + sign, 2 * at, sign === 0 ? full : -full)
          to.set(target + sign, 2 * at + 1, sign === 0 ? -full : full)
        }
      }
    },
  },
  {
    parts: {
      'self.query': (to) => {
        to.bias[covering] = root
        to.bias[hitting] = root
      },
      'self.key': (to) => {
        for (const head of [covering, hitting]) {
          to.set(head, channel.salience, -Math.log(minimumSalience) / 2)
          to.set(head, channel.isDocument, head === covering ? -segmentGain : segmentGain)
          to.set(head, channel.isClassification, -2 * segmentGain)
        }
      },
      'self.value': (to) => {
        to.set(covering, channel.covered, 1)
        to.set(hitting, channel.hit, 1)
      },
      'output.dense': (to) => {
        to.setPair(channel.coverage, covering, 1)
        to.setPair(channel.density, hitting, 1)
      },
    },
    // Nothing is left to decide for a token on its own.
    inner: () => undefined,
    outer: () => undefined,
  },
]

/** Two units whose difference rises from 0 at `stepFrom` to a plateau at `stepTo`. */
function step(to: Linear, unit: number, from: number): void {
  for (const [at, edge] of [stepFrom, stepTo].entries()) {
    to.set(unit + at, from, stepSlope)
    to.bias[unit + at] = -stepSlope * edge
  }
}

function poolerLayer(to: Linear): void {
  to.set(0, channel.coverage, pooling.coverage)
  to.bias[0] = -pooling.middle
  to.set(1, channel.density, pooling.density)
}

function classifierLayer(to: Linear): void {
  to.set(0, 0, classifying.coverage)
  to.set(0, 1, classifying.density)
}

function typeEmbeddings(): Tensor {
  const data = new Float32Array(2 * hiddenSize)
  for (const [type, sign] of [-1, 1].entries()) {
    data[type * hiddenSize + channel.isDocument] = sign
    data[type * hiddenSize + channel.isDocument + 1] = -sign
  }
  return tensorOf([2, hiddenSize], data, 'float16')
}

function wordEmbeddings(vocabulary: readonly VocabularyEntry[]): Tensor {
  const data = new Float32Array(vocabulary.length * hiddenSize)
  const codes = balancedCodes(codeSize)
  for (const [id, { token, salience, identity }] of vocabulary.entries()) {
    const row = data.subarray(id * hiddenSize, (id + 1) * hiddenSize)
    if (identity) row.set(codes.next().value)
    const pair = (at: number, value: number) => {
      row[at] = value
      row[at + 1] = -value
    }
    // Salience 1 becomes 1, the least becomes -1, in between by its logarithm.
    pair(channel.salience, 1 - (2 * Math.log(salience)) / Math.log(minimumSalience))
    if (token === specialTokens.classification) pair(channel.isClassification, 1)
    const typeEnergy = 2
    const energy = row.reduce((sum, value) => sum + value * value, typeEnergy)
    pair(channel.filler, Math.sqrt((hiddenSize - energy) / 2))
  }
  return tensorOf([vocabulary.length, hiddenSize], data, 'float16')
}
