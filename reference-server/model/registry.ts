import { statSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { usageError } from '../../core/errors.ts'
import { graphOf } from './build.ts'
import type { ModelBundle } from './bundle.ts'
import { maximumTokensOf } from './config.ts'
import { embeddedName, embeddedRecipe } from './embedded/index.ts'
import { readModelFolder, type GraphWish } from './folder.ts'
import { hubNameOf, pulledFolder } from './hub/cache.ts'

/**
 * The model of a name, of a folder, or of a hub where it was pulled into `cache`; the name `embedded` wins over a folder of that name. Throws a
 * usage error that says what can be given.
 */
export function loadModel(
  nameOrFolder: string,
  { cache, ...wish }: GraphWish & { readonly cache?: string | undefined } = {},
): ModelBundle {
  if (nameOrFolder === embeddedName) return embeddedBundle(wish)
  const folder = modelFolder(nameOrFolder, cache)
  if (folder !== undefined)
    return { ...readModelFolder(folder, wish), name: shortName(nameOrFolder) }
  const hint =
    hubNameOf(nameOrFolder) === undefined
      ? ''
      : `, or pull it: \`rerankscope model pull ${nameOrFolder}\``
  throw usageError(
    `There is no model ${JSON.stringify(nameOrFolder)}: name \`${embeddedName}\`, or a folder that holds model.onnx and tokenizer.json${hint}.`,
  )
}

/** The folder that a text names: a path, or a model that was pulled; undefined when there is none. */
export function modelFolder(nameOrFolder: string, cache: string | undefined): string | undefined {
  if (isDirectory(nameOrFolder)) return nameOrFolder
  return cache === undefined ? undefined : pulledFolder(cache, nameOrFolder)
}

/** What a model is called in answers and metrics: the name on the hub, or the folder's own. */
function shortName(nameOrFolder: string): string {
  return isDirectory(nameOrFolder) ? basename(resolve(nameOrFolder)) : nameOrFolder
}

function embeddedBundle({ dtype = 'float32', form = 'padded' }: GraphWish): ModelBundle {
  const recipe = embeddedRecipe()
  return {
    name: recipe.name,
    summary: recipe.summary,
    tokenizerJson: recipe.tokenizerJson,
    tokenizerConfigJson: recipe.tokenizerConfigJson,
    defaultMaximumTokens: recipe.defaultMaximumTokens,
    ...{ dtype, form },
    graph: { bytes: graphOf(recipe, { dtype, form }).encode(`rerankscope-${recipe.name}`) },
    maximumTokens: maximumTokensOf(recipe.architecture, recipe.config),
  }
}

/** False as well for what no file can be called and for what we may not look at. */
export function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
