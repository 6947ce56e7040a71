import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { z } from 'zod'
import { messageOf, usageError } from '../../../core/errors.ts'
import type { Tensor, WeightSource } from '../weights.ts'
import { readSafetensors } from './file.ts'

const single = 'model.safetensors'
const shardIndex = 'model.safetensors.index.json'
const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) })

export function hasSafetensors(directory: string): boolean {
  return [single, shardIndex].some((file) => existsSync(join(directory, file)))
}

/** The weight files that the text of an index names. Throws an `Error` with part of a sentence. */
export function shardsOf(indexJson: string): readonly string[] {
  const parsed = indexSchema.safeParse(safely(() => JSON.parse(indexJson) as unknown))
  if (!parsed.success) throw new Error('it is no index of weight files')
  const files = [...new Set(Object.values(parsed.data.weight_map))]
  // A name from the network must not lead out of the folder.
  if (files.some((file) => basename(file) !== file || file.startsWith('.'))) {
    throw new Error('it names a file outside its folder')
  }
  return files
}

/**
 * The weights in a folder, in one file or in shards. Throws a usage error that names the file that
 * is missing or broken.
 */
export function openSafetensors(directory: string): WeightSource {
  const tensors = new Map<string, Tensor>()
  for (const file of filesOf(directory)) {
    const path = join(directory, file)
    for (const [name, tensor] of attempt(path, () => readSafetensors(path)))
      tensors.set(name, tensor)
  }
  return {
    tensor(name) {
      const tensor = tensors.get(name)
      if (tensor === undefined) throw new Error(`there is no tensor ${name}`)
      return tensor
    },
  }
}

function filesOf(directory: string): readonly string[] {
  if (existsSync(join(directory, single))) return [single]
  const path = join(directory, shardIndex)
  return attempt(path, () => shardsOf(readFileSync(path, 'utf8')))
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw usageError(`${path} cannot be used: ${messageOf(error)}.`, { cause: error })
  }
}

function safely<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
