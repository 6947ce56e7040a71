import { existsSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { z } from 'zod'
import { messageOf, usageError } from '../../core/errors.ts'
import type { ModelBundle } from './bundle.ts'
import { dtypeNames, type Dtype, type GraphForm } from './dtype.ts'
import { hasSafetensors } from './safetensors/index.ts'

/** What `model build` writes beside the graph and `--model DIR` reads. */
export const modelFiles = {
  tokenizer: 'tokenizer.json',
  tokenizerConfig: 'tokenizer_config.json',
  config: 'config.json',
} as const

/** Where a model names no limit, and the most that is taken without being asked for. */
export const usualMaximumTokens = 512

const configSchema = z.looseObject({
  model_type: z.string().optional(),
  max_position_embeddings: z.number().int().positive().optional(),
})
const tokenizerConfigSchema = z.looseObject({ model_max_length: z.number().positive().optional() })

interface GraphKind {
  readonly dtype: Dtype
  readonly form: GraphForm
}

/** A graph that lies in a folder. */
export interface GraphFile extends GraphKind {
  readonly path: string
}

/** `model.onnx`, `model_fp16.onnx`, `model_fp16_packed.onnx`, …: the names that transformers.js expects, and our form. */
export function graphFileName({ dtype, form }: GraphKind): string {
  const short = Object.entries(dtypeNames).find(([, long]) => long === dtype)?.[0] ?? dtype
  return `model${dtype === 'float32' ? '' : `_${short}`}${form === 'packed' ? '_packed' : ''}.onnx`
}

/** In the order in which a folder's own graph is looked for; what runs everywhere first. */
const graphKinds: readonly GraphKind[] = (['padded', 'packed'] as const).flatMap((form) =>
  (['float32', 'float16', 'int8'] as const).map((dtype) => ({ dtype, form })),
)
/** Other tools' name for dynamically quantised exports. */
const quantisedName = 'model_quantized.onnx'

/** What a folder's own graph may be called. */
export const graphFileNames: readonly string[] = [...graphKinds.map(graphFileName), quantisedName]

/** Every graph of a folder. Exports of Optimum keep them at the top, those of transformers.js below `onnx/`. */
export function graphsOf(directory: string): readonly GraphFile[] {
  return ['', 'onnx']
    .flatMap((below) => [
      ...graphKinds.map((kind) => ({ ...kind, path: join(directory, below, graphFileName(kind)) })),
      {
        dtype: 'int8' as const,
        form: 'padded' as const,
        path: join(directory, below, quantisedName),
      },
    ])
    .filter(({ path }) => existsSync(path))
}

export interface GraphWish {
  /** Absent: the folder's own. */
  readonly dtype?: Dtype
  readonly form?: GraphForm
}

/**
 * A folder with a graph and `tokenizer.json`, and what else there is of `config.json` and
 * `tokenizer_config.json`. Throws a usage error that names what is missing or unreadable.
 */
export function readModelFolder(directory: string, wish: GraphWish = {}): ModelBundle {
  const { path, dtype, form } = chosenGraph(directory, wish)
  const tokenizerJson = readModelText(directory, modelFiles.tokenizer)
  const { maximumTokens, defaultMaximumTokens } = readLimits(directory)
  return {
    name: basename(resolve(directory)),
    summary: `from ${basename(path)} in a folder`,
    graph: { path: resolve(path) },
    ...{ dtype, form, tokenizerJson },
    tokenizerConfigJson: readIfThere(directory, modelFiles.tokenizerConfig) ?? '{}',
    ...{ maximumTokens, defaultMaximumTokens },
  }
}

/** What `config.json` and `tokenizer_config.json` say of lengths. */
export function readLimits(
  directory: string,
): Pick<ModelBundle, 'maximumTokens' | 'defaultMaximumTokens'> {
  const config = parse(configSchema, directory, modelFiles.config)
  const tokenizerConfig = parse(tokenizerConfigSchema, directory, modelFiles.tokenizerConfig)
  // RoBERTa counts positions from behind its padding id, so two of them are never used.
  const unused = config.model_type?.includes('roberta') === true ? 2 : 0
  const maximumTokens =
    config.max_position_embeddings === undefined
      ? usualMaximumTokens
      : config.max_position_embeddings - unused
  const named = tokenizerConfig.model_max_length ?? usualMaximumTokens
  return {
    maximumTokens,
    defaultMaximumTokens: Math.min(named, usualMaximumTokens, maximumTokens),
  }
}

function chosenGraph(directory: string, { dtype, form }: GraphWish): GraphFile {
  const there = graphsOf(directory)
  const chosen = there.find(
    (one) => (dtype ?? one.dtype) === one.dtype && (form ?? one.form) === one.form,
  )
  if (chosen !== undefined) return chosen
  const wished = graphFileName({ dtype: dtype ?? 'float32', form: form ?? 'padded' })
  const has =
    there.length === 0 ? '' : ` (only ${there.map(({ path }) => basename(path)).join(', ')})`
  throw usageError(
    hasSafetensors(directory)
      ? `${directory} holds no ${wished}${has}: write it with \`rerankscope model build ${directory} --out ${directory}\` and its --dtype.`
      : `${directory} holds no ${wished}${has}: give a folder with ${wished} and ${modelFiles.tokenizer}, or one with model.safetensors to \`rerankscope model build\`.`,
  )
}

/** Throws a usage error when the file is missing or unreadable. */
export function readModelText(directory: string, file: string): string {
  const text = readIfThere(directory, file)
  if (text === undefined)
    throw usageError(`${directory} holds no ${file}: put it beside the graph.`)
  return text
}

export function readIfThere(directory: string, file: string): string | undefined {
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
