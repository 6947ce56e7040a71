import type { Architecture, EncoderConfig } from '../architectures/index.ts'
import type { WeightSource } from '../weights.ts'

/** Everything that a model folder is written from. */
export interface ModelRecipe {
  readonly name: string
  /** One line for people: what it is and what it is for. */
  readonly summary: string
  readonly architecture: Architecture
  readonly config: EncoderConfig
  readonly weights: WeightSource
  readonly configJson: string
  readonly tokenizerJson: string
  readonly tokenizerConfigJson: string
  readonly defaultMaximumTokens: number
}

/** What `model build` was told to build. */
export interface ModelReference {
  /** A name, or a folder with weights. */
  readonly name: string
  /** Whether the shape of that model is wanted, with random weights. */
  readonly twin: boolean
  readonly seed: number
}

/** A kind of place that weights come from. */
export interface SourceKind {
  readonly name: string
  /** What can be named, for people. */
  readonly takes: string
  /** Undefined when `reference` is none of this kind. Throws a `UserError` when it is, but unusable. */
  open(reference: ModelReference): ModelRecipe | undefined
}
