import { bert } from '../architectures/bert.ts'
import type { Architecture, EncoderConfig } from '../architectures/index.ts'
import { xlmRoberta } from '../architectures/xlm-roberta.ts'

export interface TwinShape {
  readonly name: string
  /** The model whose shape it is, for people. */
  readonly of: string
  readonly architecture: Architecture
  readonly config: EncoderConfig
}

/** Shapes as the models' own `config.json` files give them. One more = one entry here. */
export const twinShapes: readonly TwinShape[] = [
  {
    name: 'bge-reranker-v2-m3',
    of: 'BAAI/bge-reranker-v2-m3',
    architecture: xlmRoberta,
    config: {
      vocabularySize: 250_002,
      hiddenSize: 1024,
      heads: 16,
      layers: 24,
      intermediateSize: 4096,
      maximumPositions: 8194,
      tokenTypes: 1,
      layerNormEpsilon: 1e-5,
    },
  },
  {
    name: 'bge-reranker-base',
    of: 'BAAI/bge-reranker-base',
    architecture: xlmRoberta,
    config: {
      vocabularySize: 250_002,
      hiddenSize: 768,
      heads: 12,
      layers: 12,
      intermediateSize: 3072,
      maximumPositions: 514,
      tokenTypes: 1,
      layerNormEpsilon: 1e-5,
    },
  },
  {
    name: 'bert-base-chinese',
    of: 'a BERT-base with Chinese WordPiece (what a reranker on the body of m3e-base would be)',
    architecture: bert,
    config: {
      vocabularySize: 21_128,
      hiddenSize: 768,
      heads: 12,
      layers: 12,
      intermediateSize: 3072,
      maximumPositions: 512,
      tokenTypes: 2,
      layerNormEpsilon: 1e-12,
    },
  },
  {
    name: 'tiny-xlm-roberta',
    of: 'an XLM-RoBERTa of two small layers',
    architecture: xlmRoberta,
    config: {
      vocabularySize: 8000,
      hiddenSize: 64,
      heads: 2,
      layers: 2,
      intermediateSize: 128,
      maximumPositions: 514,
      tokenTypes: 1,
      layerNormEpsilon: 1e-5,
    },
  },
  {
    name: 'tiny-bert',
    of: 'a BERT of two small layers',
    architecture: bert,
    config: {
      vocabularySize: 8000,
      hiddenSize: 64,
      heads: 2,
      layers: 2,
      intermediateSize: 128,
      maximumPositions: 512,
      tokenTypes: 2,
      layerNormEpsilon: 1e-12,
    },
  },
]
