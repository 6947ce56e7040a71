import { readdirSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import type { EncoderConfig } from './architectures/index.ts'
import { encoderOf, maximumTokensOf } from './config.ts'
import type { Dtype, GraphForm } from './dtype.ts'
import { embeddedName } from './embedded/index.ts'
import { graphsOf, modelFiles, readIfThere, readLimits } from './folder.ts'
import { isDirectory } from './registry.ts'
import { sizeOf } from './shape.ts'
import { openRecipe, type ModelReference } from './sources/index.ts'

/** What can be said of a model without loading it. What a ready-made export does not say is absent. */
export interface ModelDescription {
  readonly name: string
  readonly summary: string
  readonly architecture?: string
  readonly shape?: EncoderConfig
  readonly parameters?: number
  /** Floating-point operations for each token of a pair of `defaultMaximumTokens`. */
  readonly flopsPerToken?: number
  readonly defaultMaximumTokens: number
  readonly maximumTokens: number
  /** Graphs that can be served as they are. */
  readonly graphs: readonly {
    readonly file: string
    readonly dtype: Dtype
    readonly form: GraphForm
  }[]
  readonly files: readonly { readonly file: string; readonly bytes: number }[]
}

/** Throws a `UserError` when there is no such model or its folder cannot be read. */
export function describeModel(reference: ModelReference): ModelDescription {
  const { name, twin } = reference
  if (!twin && name !== embeddedName && isDirectory(name)) return describeFolder(name)
  const recipe = openRecipe(reference)
  const { architecture, config, defaultMaximumTokens } = recipe
  return {
    name: recipe.name,
    summary: recipe.summary,
    ...shapeFields(architecture.className, config, defaultMaximumTokens),
    defaultMaximumTokens,
    maximumTokens: maximumTokensOf(architecture, config),
    graphs: [],
    files: [],
  }
}

function describeFolder(directory: string): ModelDescription {
  const limits = readLimits(directory)
  return {
    name: basename(resolve(directory)),
    summary: 'a folder',
    ...folderShape(directory, limits.defaultMaximumTokens),
    ...limits,
    graphs: graphsOf(directory).map(({ path, dtype, form }) => ({
      file: path.slice(join(directory, '/').length),
      ...{ dtype, form },
    })),
    files: filesIn(directory),
  }
}

/** Nothing for a config that is not one of ours: a ready-made export may be of any architecture. */
function folderShape(directory: string, tokens: number) {
  try {
    const text = readIfThere(directory, modelFiles.config)
    if (text === undefined) return {}
    const { architecture, config } = encoderOf(text)
    return shapeFields(architecture.className, config, tokens)
  } catch {
    return {}
  }
}

function shapeFields(architecture: string, shape: EncoderConfig, tokens: number) {
  const { parameters, flopsPerToken } = sizeOf(shape)
  return { architecture, shape, parameters, flopsPerToken: flopsPerToken(tokens) }
}

function filesIn(directory: string): readonly { file: string; bytes: number }[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({
      file: path.slice(join(directory, '/').length),
      bytes: statSync(path).size,
    }))
    .sort((a, b) => (a.file < b.file ? -1 : 1))
}
