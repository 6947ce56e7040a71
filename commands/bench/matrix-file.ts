import { dirname, resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { parseMatrix, type Matrix, type Target } from '../../comparison/index.ts'
import { usageError } from '../../core/errors.ts'
import { datasets, loadDataset } from '../../loadgen/index.ts'
import { embeddedName, twinShapes } from '../../reference-server/index.ts'
import { problemsError, readYamlFile } from '../yaml-file.ts'

/**
 * The matrix of a file. Paths in it are those of the file's folder.
 *
 * @throws UserError (usage) with everything that is wrong with it, each with its line.
 */
export function readMatrix(path: string): Matrix {
  const file = readYamlFile('matrix', path)
  const parsed = parseMatrix(file.value)
  if ('problems' in parsed) throw problemsError(`matrix ${path}`, file, parsed.problems)
  const { matrix } = parsed
  const unknown = matrix.targets.flatMap(({ serve }, at) => {
    const { twin } = serve ?? {}
    if (twin === undefined || twinShapes.some(({ name }) => name === twin)) return []
    const known = twinShapes.map(({ name }) => name).join(', ')
    return [{ path: ['targets', at, 'serve', 'twin'], message: `expected one of ${known}` }]
  })
  if (unknown.length > 0) throw problemsError(`matrix ${path}`, file, unknown)
  return resolved(matrix, dirname(path))
}

/**
 * Reads the data sets of a matrix before anything is measured: a path that is wrong must not show
 * after an hour, and as the fault of a target.
 *
 * @throws UserError (usage) when one of them cannot be read.
 */
export async function requireDatasets({ dataset, queries, quality, seed }: Matrix): Promise<void> {
  await loadDataset(dataset, { seed, queries })
  if (quality !== undefined) {
    await loadDataset(quality.dataset, { seed, queries: quality.queries })
  }
}

function resolved(matrix: Matrix, folder: string): Matrix {
  const at = (path: string) => resolve(folder, path)
  const dataOf = (name: string) => (datasets.some((made) => made.name === name) ? name : at(name))
  const { dataset, quality, targets } = matrix
  return {
    ...matrix,
    dataset: dataOf(dataset),
    ...(quality && { quality: { ...quality, dataset: dataOf(quality.dataset) } }),
    targets: targets.map((target) => ({
      ...target,
      ...(target.tokenizer !== undefined && { tokenizer: at(target.tokenizer) }),
      ...(target.apiKeyFile !== undefined && { apiKeyFile: at(target.apiKeyFile) }),
      ...(target.serve && { serve: { ...target.serve, ...modelOf(target.serve, at) } }),
    })),
  }
}

/** A folder beside the matrix, or else a name: the embedded model's or a pulled one's. */
function modelOf(
  { model }: NonNullable<Target['serve']>,
  at: (path: string) => string,
): { readonly model?: string } {
  if (model === undefined) return {}
  if (model === embeddedName || !existsSync(at(model))) {
    if (/^\.{0,2}\//.test(model)) {
      throw usageError(`${at(model)}, a model of the matrix, is not there; build or pull it first.`)
    }
    return { model }
  }
  return { model: at(model) }
}
