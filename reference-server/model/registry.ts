import { statSync } from 'node:fs'
import { usageError } from '../../core/errors.ts'
import { graphOf } from './build.ts'
import type { ModelBundle } from './bundle.ts'
import { maximumTokensOf } from './config.ts'
import { embeddedName, embeddedRecipe } from './embedded/index.ts'
import { readModelFolder, type GraphWish } from './folder.ts'

/**
 * The model of a name or of a folder; the name `embedded` wins over a folder of that name. Throws a
 * usage error that says what can be given.
 */
export function loadModel(nameOrFolder: string, wish: GraphWish = {}): ModelBundle {
  if (nameOrFolder === embeddedName) return embeddedBundle(wish)
  if (isDirectory(nameOrFolder)) return readModelFolder(nameOrFolder, wish)
  throw usageError(
    `There is no model ${JSON.stringify(nameOrFolder)}: name \`${embeddedName}\`, or a folder that holds model.onnx and tokenizer.json.`,
  )
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
