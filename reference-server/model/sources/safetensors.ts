import { basename, resolve } from 'node:path'
import { messageOf, usageError } from '../../../core/errors.ts'
import { encoderOf } from '../config.ts'
import { modelFiles, readIfThere, readLimits, readModelText } from '../folder.ts'
import { hasSafetensors, openSafetensors } from '../safetensors/index.ts'
import type { SourceKind } from './source.ts'

/** A folder as a Hugging Face hub keeps models: `config.json`, `tokenizer.json`, `model.safetensors` or its shards. */
export const safetensors: SourceKind = {
  name: 'safetensors',
  takes: 'a folder (or a pulled model) with config.json, tokenizer.json and model.safetensors',
  open({ name: directory, twin }) {
    if (twin || !hasSafetensors(directory)) return undefined
    const configJson = readModelText(directory, modelFiles.config)
    const { architecture, config } = readable(directory, () => encoderOf(configJson))
    return {
      name: basename(resolve(directory)),
      summary: 'from safetensors in a folder',
      ...{ architecture, config, configJson },
      weights: openSafetensors(directory),
      tokenizerJson: readModelText(directory, modelFiles.tokenizer),
      tokenizerConfigJson: readIfThere(directory, modelFiles.tokenizerConfig) ?? '{}',
      defaultMaximumTokens: readLimits(directory).defaultMaximumTokens,
    }
  },
}

function readable<T>(directory: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw usageError(
      `${directory}/${modelFiles.config} is not of a model that can be built: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}
