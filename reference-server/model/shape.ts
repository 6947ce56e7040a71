import type { EncoderConfig } from './architectures/index.ts'

/** What a model costs, from its shape alone. */
export interface ModelSize {
  readonly parameters: number
  /** Of them, those that every token is multiplied with: the rest is looked up. */
  readonly matrixParameters: number
  /** Floating-point operations a token, in a sequence of `tokens`: matrices and attention. */
  readonly flopsPerToken: (tokens: number) => number
}

export function sizeOf(config: EncoderConfig): ModelSize {
  const { hiddenSize: h, intermediateSize, layers, vocabularySize } = config
  const perLayer = 4 * h * h + 2 * h * intermediateSize
  const matrixParameters = layers * perLayer
  const biasesAndNorms = layers * (4 * h + intermediateSize + h + 4 * h)
  const tables = (vocabularySize + config.maximumPositions + config.tokenTypes) * h + 2 * h
  const head = h * h + h + h + 1
  return {
    parameters: matrixParameters + biasesAndNorms + tables + head,
    matrixParameters,
    // A multiplication and an addition each; queries with keys and shares with values: 2 · n · h each.
    flopsPerToken: (tokens) => 2 * matrixParameters + 4 * layers * tokens * h,
  }
}
