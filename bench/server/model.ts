import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeModelDirectory } from '../../reference-server/index.ts'
import { buildBert, type BertConfig } from '../../reference-server/model/bert.ts'
import { embedded } from '../../reference-server/model/embedded/index.ts'
import { tensorOf, type WeightSource } from '../../reference-server/model/weights.ts'

/** A BERT of 4 layers and 256 channels: small enough for a CPU, large enough that its matrices are what takes the time. */
const shape = {
  hiddenSize: 256,
  heads: 8,
  layers: 4,
  intermediateSize: 1024,
  maximumPositions: 512,
  tokenTypes: 2,
  layerNormEpsilon: 1e-12,
}

/** Writes a model with random weights and the embedded model's vocabulary; the caller removes it. */
export function randomModel(): { readonly directory: string; readonly remove: () => void } {
  const built = embedded.build()
  const { vocab_size: vocabularySize } = JSON.parse(built.configJson) as { vocab_size: number }
  const config: BertConfig = { ...shape, vocabularySize }
  const directory = mkdtempSync(join(tmpdir(), 'rerankscope-bench-'))
  writeModelDirectory(
    {
      name: 'random',
      summary: 'random weights',
      build: () => ({
        ...built,
        graph: { bytes: buildBert(config, randomWeights(config), 'random') },
        tokenizerConfigJson: JSON.stringify({
          ...(JSON.parse(built.tokenizerConfigJson) as object),
          model_max_length: shape.maximumPositions,
        }),
      }),
    },
    directory,
  )
  return {
    directory,
    remove: () => {
      rmSync(directory, { recursive: true })
    },
  }
}

function randomWeights(config: BertConfig): WeightSource {
  let state = 1
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return (state / 2 ** 32 - 0.5) * 0.1
  }
  return {
    tensor: (name) => {
      const dimensions = shapeOf(name, config)
      const length = dimensions.reduce((product, size) => product * size, 1)
      return tensorOf(dimensions, Float32Array.from({ length }, random))
    },
  }
}

function shapeOf(name: string, config: BertConfig): readonly number[] {
  const { hiddenSize, intermediateSize } = config
  if (name.includes('word_embeddings')) return [config.vocabularySize, hiddenSize]
  if (name.includes('position_embeddings')) return [config.maximumPositions, hiddenSize]
  if (name.includes('token_type_embeddings')) return [config.tokenTypes, hiddenSize]
  const out = name.startsWith('classifier')
    ? 1
    : name.includes('intermediate.dense')
      ? intermediateSize
      : hiddenSize
  const isFeedForwardOutput = name.includes('output.dense') && !name.includes('attention')
  const isVector = name.endsWith('.bias') || name.includes('LayerNorm')
  return isVector ? [out] : [out, isFeedForwardOutput ? intermediateSize : hiddenSize]
}
