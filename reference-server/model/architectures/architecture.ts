/** The shape of an encoder, in the words of Hugging Face's `config.json`. */
export interface EncoderConfig {
  readonly vocabularySize: number
  readonly hiddenSize: number
  readonly heads: number
  readonly layers: number
  readonly intermediateSize: number
  /** Rows of the position table; an architecture may leave the first of them unused. */
  readonly maximumPositions: number
  readonly tokenTypes: number
  readonly layerNormEpsilon: number
}

/**
 * An encoder with a classifier of one label on its first token. What such models differ in is what
 * a checkpoint calls its tensors, where positions start, and whether a pair has two token types.
 */
export interface Architecture {
  /** `model_type` of the `config.json` files that have it; the first is what we write. */
  readonly modelTypes: readonly string[]
  /** `architectures` of `config.json`. */
  readonly className: string
  /** What the names of the encoder's tensors begin with. */
  readonly prefix: string
  /** Row of the position table that the first token gets. */
  readonly firstPosition: number
  /** Whether the graph takes `token_type_ids`. */
  readonly tokenTypeInput: boolean
  /** On the first token: a layer with tanh, then one with one output. */
  readonly head: { readonly dense: string; readonly out: string }
}
