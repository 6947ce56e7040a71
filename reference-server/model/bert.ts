import { OnnxGraph } from './onnx.ts'
import { tensorOf, type Tensor, type WeightSource } from './weights.ts'

/** The shape of a BERT cross-encoder, in the words of Hugging Face's `config.json`. */
export interface BertConfig {
  readonly vocabularySize: number
  readonly hiddenSize: number
  readonly heads: number
  readonly layers: number
  readonly intermediateSize: number
  readonly maximumPositions: number
  readonly tokenTypes: number
  readonly layerNormEpsilon: number
}

/** Added to the attention logits of padding; far below any real logit, far above -Infinity's NaN. */
const maskedLogit = -1e4

/**
 * BERT for sequence classification (Devlin et al. 2018, post-norm) as an ONNX graph. Inputs
 * `input_ids`, `attention_mask`, `token_type_ids`, each int64 [batch, sequence]; output `logits`
 * float32 [batch, 1]. Throws when a tensor of `weights` is missing or has another shape.
 */
export function buildBert(config: BertConfig, weights: WeightSource, name: string): Uint8Array {
  const builder = new BertBuilder(config, weights)
  return builder.build().encode(name)
}

class BertBuilder {
  readonly #graph = new OnnxGraph()
  readonly #config: BertConfig
  readonly #weights: WeightSource

  constructor(config: BertConfig, weights: WeightSource) {
    this.#config = config
    this.#weights = weights
  }

  build(): OnnxGraph {
    const graph = this.#graph
    const shape = ['batch', 'sequence']
    const ids = graph.input('input_ids', 'int64', shape)
    const mask = graph.input('attention_mask', 'int64', shape)
    const types = graph.input('token_type_ids', 'int64', shape)
    const bias = this.#maskBias(mask)
    let hidden = this.#embeddings(ids, types)
    for (let layer = 0; layer < this.#config.layers; layer += 1) {
      const prefix = `bert.encoder.layer.${String(layer)}`
      // Only [CLS] is read behind the last layer: nothing else of that layer need be computed.
      const asking = layer === this.#config.layers - 1 ? this.#firstToken(hidden) : hidden
      const attended = this.#attention(prefix, asking, hidden, bias)
      hidden = this.#feedForward(prefix, attended)
    }
    const first = graph.node('Squeeze', 'first_token', [hidden, graph.integers('token_axis', [1])])
    const pooled = graph.node('Tanh', 'pooled', [this.#linear('bert.pooler.dense', first)])
    const logits = this.#linear('classifier', pooled)
    graph.node('Identity', 'logits', [logits])
    graph.output('logits', 'float32', ['batch', 1])
    return graph
  }

  #embeddings(ids: string, types: string): string {
    const { vocabularySize, hiddenSize, maximumPositions, tokenTypes } = this.#config
    const graph = this.#graph
    const prefix = 'bert.embeddings'
    const words = this.#table(`${prefix}.word_embeddings`, [vocabularySize, hiddenSize])
    const kinds = this.#table(`${prefix}.token_type_embeddings`, [tokenTypes, hiddenSize])
    const places = this.#table(`${prefix}.position_embeddings`, [maximumPositions, hiddenSize])
    const word = this.#widened(graph.node('Gather', 'word', [words.name, ids]), words)
    const kind = this.#widened(graph.node('Gather', 'kind', [kinds.name, types]), kinds)
    const sequence = graph.node('Gather', 'sequence_length', [
      graph.node('Shape', 'input_shape', [ids]),
      graph.integers('sequence_axis', [1]),
    ])
    const place = this.#widened(
      graph.node('Slice', 'place', [places.name, graph.integers('slice_start', [0]), sequence]),
      places,
    )
    const sum = graph.node('Add', 'embedding_sum', [
      graph.node('Add', 'word_and_kind', [word, kind]),
      place,
    ])
    return this.#layerNorm(`${prefix}.LayerNorm`, sum)
  }

  /** [batch, sequence, hidden] → [batch, 1, hidden]. */
  #firstToken(hidden: string): string {
    return this.#graph.node('Gather', 'first', [hidden, this.#graph.integers('zero', [0])], {
      axis: 1,
    })
  }

  /** float32 [batch, 1, 1, sequence]: 0 on tokens, `maskedLogit` on padding. */
  #maskBias(mask: string): string {
    const graph = this.#graph
    const wide = graph.node('Unsqueeze', 'mask_wide', [mask, graph.integers('mask_axes', [1, 2])])
    const padding = graph.node('Sub', 'padding', [
      graph.scalar('one', 1),
      graph.cast('mask_float', wide, 'float32'),
    ])
    return graph.node('Mul', 'mask_bias', [padding, graph.scalar('masked_logit', maskedLogit)])
  }

  /** `asking` attends to `hidden`; the result has the shape of `asking`. */
  #attention(prefix: string, asking: string, hidden: string, bias: string): string {
    const graph = this.#graph
    const { heads, hiddenSize } = this.#config
    const at = `${prefix}.attention`
    const split = graph.integers(`${at}.split_shape`, [0, 0, heads, hiddenSize / heads])
    const headsOf = (part: string, from: string, perm: readonly number[]) => {
      const projected = this.#linear(`${at}.self.${part}`, from)
      const parts = graph.node('Reshape', `${at}.${part}.split`, [projected, split])
      return graph.node('Transpose', `${at}.${part}.heads`, [parts], { perm })
    }
    const query = headsOf('query', asking, [0, 2, 1, 3])
    const key = headsOf('key', hidden, [0, 2, 3, 1])
    const value = headsOf('value', hidden, [0, 2, 1, 3])
    const root = graph.scalar(`${at}.root`, Math.sqrt(hiddenSize / heads))
    const products = graph.node('MatMul', `${at}.products`, [query, key])
    const scaled = graph.node('Div', `${at}.scaled`, [products, root])
    const masked = graph.node('Add', `${at}.masked`, [scaled, bias])
    const shares = graph.node('Softmax', `${at}.shares`, [masked], { axis: -1 })
    const context = graph.node('MatMul', `${at}.context`, [shares, value])
    const turned = graph.node('Transpose', `${at}.turned`, [context], { perm: [0, 2, 1, 3] })
    const joined = graph.node('Reshape', `${at}.joined`, [
      turned,
      graph.integers(`${at}.join_shape`, [0, 0, hiddenSize]),
    ])
    const written = this.#linear(`${at}.output.dense`, joined)
    const residual = graph.node('Add', `${at}.residual`, [written, asking])
    return this.#layerNorm(`${at}.output.LayerNorm`, residual)
  }

  #feedForward(prefix: string, hidden: string): string {
    const graph = this.#graph
    const inner = this.#gelu(`${prefix}.gelu`, this.#linear(`${prefix}.intermediate.dense`, hidden))
    const written = this.#linear(`${prefix}.output.dense`, inner)
    const residual = graph.node('Add', `${prefix}.residual`, [written, hidden])
    return this.#layerNorm(`${prefix}.output.LayerNorm`, residual)
  }

  /** x · (1 + erf(x / √2)) / 2, in the form that ONNX Runtime fuses into one kernel. */
  #gelu(at: string, value: string): string {
    const graph = this.#graph
    const scaled = graph.node('Div', `${at}.scaled`, [
      value,
      graph.scalar(`${at}.root2`, Math.SQRT2),
    ])
    const erf = graph.node('Erf', `${at}.erf`, [scaled])
    const shifted = graph.node('Add', `${at}.shifted`, [erf, graph.scalar(`${at}.one`, 1)])
    const product = graph.node('Mul', `${at}.product`, [value, shifted])
    return graph.node('Mul', at, [product, graph.scalar(`${at}.half`, 0.5)])
  }

  #linear(name: string, input: string): string {
    const graph = this.#graph
    const weight = this.#weights.tensor(`${name}.weight`)
    const bias = this.#weights.tensor(`${name}.bias`)
    const weightName = graph.constant(`${name}.weight`, transposed(weight))
    const product = graph.node('MatMul', `${name}.product`, [input, weightName])
    return graph.node('Add', name, [product, graph.constant(`${name}.bias`, bias)])
  }

  #layerNorm(name: string, input: string): string {
    const scale = this.#graph.constant(`${name}.weight`, this.#weights.tensor(`${name}.weight`))
    const bias = this.#graph.constant(`${name}.bias`, this.#weights.tensor(`${name}.bias`))
    return this.#graph.node('LayerNormalization', name, [input, scale, bias], {
      axis: -1,
      epsilon: this.#config.layerNormEpsilon,
    })
  }

  #table(name: string, shape: readonly number[]): { name: string; storage: Tensor['storage'] } {
    const tensor = this.#weights.tensor(`${name}.weight`)
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`${name}.weight is [${tensor.shape.join()}], not [${shape.join()}]`)
    }
    return { name: this.#graph.constant(`${name}.weight`, tensor), storage: tensor.storage }
  }

  #widened(value: string, table: { storage: Tensor['storage'] }): string {
    return table.storage === 'float32' ? value : this.#graph.cast(`${value}.wide`, value, 'float32')
  }
}

function transposed({ shape, data, storage }: Tensor): Tensor {
  const [rows = 0, columns = 0] = shape
  const turned = new Float32Array(data.length)
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      turned[column * rows + row] = data[row * columns + column] ?? 0
    }
  }
  return tensorOf([columns, rows], turned, storage)
}
