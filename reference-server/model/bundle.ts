import type { Dtype, GraphForm } from './dtype.ts'

/** A model ready to be served: where its graph is, how its text is split, what it can take. */
export interface ModelBundle {
  readonly name: string
  /** One line for people: what it is and what it is for. */
  readonly summary: string
  readonly graph: ModelGraph
  /** What the graph computes in; for a ready-made graph what its file's name says. */
  readonly dtype: Dtype
  readonly form: GraphForm
  /** The text of `tokenizer.json`; parsing is left to the tokeniser's workers. */
  readonly tokenizerJson: string
  readonly tokenizerConfigJson: string
  /** Tokens a pair is cut to unless the operator says otherwise, special tokens included. */
  readonly defaultMaximumTokens: number
  /** The most that the model's positions allow. */
  readonly maximumTokens: number
}

export type ModelGraph = { readonly bytes: Uint8Array } | { readonly path: string }
