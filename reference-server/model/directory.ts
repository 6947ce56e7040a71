import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { environmentError, messageOf, usageError } from '../../core/errors.ts'
import { modelFiles, type ModelBundle, type NamedModel } from './bundle.ts'

const configSchema = z.looseObject({
  model_type: z.string().optional(),
  max_position_embeddings: z.number().int().positive().optional(),
})
const tokenizerConfigSchema = z.looseObject({ model_max_length: z.number().positive().optional() })

/** Exports of Hugging Face Optimum keep the graph at the top, those of transformers.js below `onnx/`. */
const graphPlaces = [modelFiles.graph, join('onnx', modelFiles.graph)]
/** Where a model names no limit. */
const usualMaximumTokens = 512

/**
 * A ready-made export: `model.onnx` and `tokenizer.json`, and what else there is of `config.json`
 * and `tokenizer_config.json`. Throws a usage error that names the missing or unreadable file.
 */
export function readModelDirectory(directory: string): ModelBundle {
  const graph = graphPlaces.map((place) => join(directory, place)).find((path) => existsSync(path))
  if (graph === undefined) {
    throw usageError(
      `${directory} holds no ${modelFiles.graph}: give a directory with ${modelFiles.graph} and ${modelFiles.tokenizer}.`,
    )
  }
  const tokenizerJson = read(directory, modelFiles.tokenizer)
  const tokenizerConfigJson = readIfThere(directory, modelFiles.tokenizerConfig) ?? '{}'
  const config = parse(configSchema, directory, modelFiles.config)
  const tokenizerConfig = parse(tokenizerConfigSchema, directory, modelFiles.tokenizerConfig)
  // RoBERTa counts positions from behind its padding id, so two of them are never used.
  const unused = config.model_type?.includes('roberta') === true ? 2 : 0
  const maximumTokens =
    config.max_position_embeddings === undefined
      ? usualMaximumTokens
      : config.max_position_embeddings - unused
  return {
    name: basename(resolve(directory)),
    summary: `from ${modelFiles.graph} in a directory`,
    graph: { path: resolve(graph) },
    tokenizerJson,
    tokenizerConfigJson,
    maximumTokens,
    defaultMaximumTokens: Math.min(
      tokenizerConfig.model_max_length ?? usualMaximumTokens,
      usualMaximumTokens,
      maximumTokens,
    ),
  }
}

/** Writes the four files of a model; returns their names and sizes in bytes. */
export function writeModelDirectory(
  model: NamedModel,
  directory: string,
): readonly { readonly file: string; readonly bytes: number }[] {
  const built = model.build()
  if (!('bytes' in built.graph)) throw new Error(`${model.name} has no graph to write.`)
  const contents: readonly (readonly [string, Uint8Array])[] = [
    [modelFiles.graph, built.graph.bytes],
    [modelFiles.tokenizer, Buffer.from(built.tokenizerJson)],
    [modelFiles.tokenizerConfig, Buffer.from(built.tokenizerConfigJson)],
    [modelFiles.config, Buffer.from(built.configJson)],
  ]
  try {
    mkdirSync(directory, { recursive: true })
    for (const [file, content] of contents) writeFileSync(join(directory, file), content)
  } catch (error) {
    throw environmentError(
      `The model cannot be written to ${directory}: ${messageOf(error)}. Choose another --out.`,
    )
  }
  return contents.map(([file, content]) => ({ file, bytes: content.length }))
}

function read(directory: string, file: string): string {
  const text = readIfThere(directory, file)
  if (text === undefined)
    throw usageError(`${directory} holds no ${file}: put it beside the graph.`)
  return text
}

function readIfThere(directory: string, file: string): string | undefined {
  const path = join(directory, file)
  if (!existsSync(path)) return undefined
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw usageError(`${path} cannot be read: ${messageOf(error)}.`, { cause: error })
  }
}

function parse<T>(schema: z.ZodType<T>, directory: string, file: string): T {
  const text = readIfThere(directory, file) ?? '{}'
  try {
    return schema.parse(JSON.parse(text))
  } catch {
    throw usageError(`${join(directory, file)} is not the JSON that it should be: export it again.`)
  }
}
