import { statSync } from 'node:fs'
import { usageError } from '../../core/errors.ts'
import type { ModelBundle, NamedModel } from './bundle.ts'
import { readModelDirectory } from './directory.ts'
import { embedded } from './embedded/index.ts'

/** Every model known by name. One more = one file and one line here. */
export const namedModels: readonly NamedModel[] = [embedded]

/** Throws a usage error that lists the names when there is none such. */
export function modelNamed(name: string): NamedModel {
  const model = namedModels.find((one) => one.name === name)
  if (model === undefined) {
    throw usageError(
      `There is no model "${name}": name one of ${namedModels.map((one) => one.name).join(', ')}, or a directory that holds model.onnx and tokenizer.json.`,
    )
  }
  return model
}

/** The model of a name, or of a directory; a name wins over a directory of the same name. */
export function loadModel(nameOrDirectory: string): ModelBundle {
  const isName = namedModels.some(({ name }) => name === nameOrDirectory)
  return !isName && isDirectory(nameOrDirectory)
    ? readModelDirectory(nameOrDirectory)
    : modelNamed(nameOrDirectory).build()
}

/** False as well for what no file can be called and for what we may not look at. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
