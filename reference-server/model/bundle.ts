/** A model ready to be served: where its graph is, how its text is split, what it can take. */
export interface ModelBundle {
  readonly name: string
  /** One line for people: what it is and what it is for. */
  readonly summary: string
  readonly graph: ModelGraph
  /** The text of `tokenizer.json`; parsing is left to the tokeniser's workers. */
  readonly tokenizerJson: string
  readonly tokenizerConfigJson: string
  /** Tokens a pair is cut to unless the operator says otherwise, special tokens included. */
  readonly defaultMaximumTokens: number
  /** The most that the model's positions allow. */
  readonly maximumTokens: number
}

export type ModelGraph = { readonly bytes: Uint8Array } | { readonly path: string }

/** What `model build` writes and `--model DIR` reads. */
export const modelFiles = {
  graph: 'model.onnx',
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  config: 'config.json',
} as const

/** A model that is known by name and built or fetched on demand. */
export interface NamedModel {
  readonly name: string
  readonly summary: string
  build(): ModelBundle & { readonly configJson: string }
}
