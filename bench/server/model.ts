import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildModel, embeddedName, openRecipe } from '../../reference-server/index.ts'
import { configJsonOf } from '../../reference-server/model/config.ts'
import { randomWeights } from '../../reference-server/model/sources/random-weights.ts'

/** A BERT of 4 layers and 256 channels: small enough for a CPU, large enough that its matrices are what takes the time. */
const shape = {
  hiddenSize: 256,
  heads: 8,
  layers: 4,
  intermediateSize: 1024,
  maximumPositions: 512,
}
const dtypes = { fp32: 'float32', int8: 'int8' } as const

export type BenchModels = Readonly<Record<keyof typeof dtypes, string>>

/** Folders of one model with random weights and the embedded model's vocabulary; the caller removes them. */
export async function randomModels(): Promise<{
  readonly models: BenchModels
  readonly remove: () => void
}> {
  const root = mkdtempSync(join(tmpdir(), 'rerankscope-bench-'))
  const recipe = openRecipe({ name: embeddedName, twin: false, seed: 1 })
  const { architecture } = recipe
  const config = { ...recipe.config, ...shape }
  const models = { fp32: join(root, 'fp32'), int8: join(root, 'int8') }
  for (const name of ['fp32', 'int8'] as const) {
    await buildModel({
      recipe: {
        ...recipe,
        name: 'random',
        config,
        weights: randomWeights(architecture, config, 1),
        configJson: configJsonOf('random', architecture, config),
        tokenizerConfigJson: JSON.stringify({
          ...(JSON.parse(recipe.tokenizerConfigJson) as object),
          model_max_length: shape.maximumPositions,
        }),
        defaultMaximumTokens: shape.maximumPositions,
      },
      dtype: dtypes[name],
      form: 'padded',
      directory: models[name],
      signal: new AbortController().signal,
    })
  }
  return {
    models,
    remove: () => {
      rmSync(root, { recursive: true })
    },
  }
}
