import { mkdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentError, messageOf, usageError } from '../../../core/errors.ts'
import { formatBytes } from '../../../core/units.ts'
import { architectures } from '../architectures/index.ts'
import { graphFileNames, modelFiles } from '../folder.ts'
import type { HubAccess } from './access.ts'
import { folderOf, pulledFile, type HubName, type Pulled } from './cache.ts'
import { bytesToFetch, ChecksumError, download } from './download.ts'
import { hubError, listModel, type HubFile, type HubModel } from './listing.ts'

export interface PullOptions {
  readonly hubName: HubName
  readonly cache: string
  readonly access: HubAccess
  readonly onProgress: (doneBytes: number, totalBytes: number) => void
}

export interface PulledModel extends Pulled {
  readonly folder: string
  readonly files: readonly { readonly file: string; readonly bytes: number }[]
}

/**
 * Brings a model from a hub into the cache: configs, tokenizer, and weights that we can build from,
 * or else its ONNX export. What an earlier, broken pull left is continued; what is there and right is
 * not fetched again. Throws a `UserError`.
 */
export async function pullModel(options: PullOptions): Promise<PulledModel> {
  const { hubName, cache, access } = options
  const { name, revision } = hubName
  const model = await listModel(name, revision, access)
  const folder = folderOf(cache, hubName)
  try {
    await mkdir(folder, { recursive: true })
    await rm(join(folder, pulledFile), { force: true })
    const texts = textsOf(model)
    await fetchFiles(texts, model, folder, options)
    const weights = weightsOf(model, await modelTypeIn(folder))
    await roomFor(weights, folder)
    await fetchFiles(weights, model, folder, options)
    const pulled = { name, revision, commit: model.commit }
    await writeFile(join(folder, pulledFile), JSON.stringify(pulled))
    const files = [...texts, ...weights].map(({ path, bytes }) => ({ file: path, bytes }))
    return { ...pulled, folder, files }
  } catch (error) {
    if (error instanceof ChecksumError) {
      throw environmentError(
        `${access.endpoint.host} sends a broken file of ${name} (${error.message}): try again later, or name a mirror in HF_ENDPOINT.`,
      )
    }
    throw hubError(error, name, revision, access)
  }
}

function textsOf({ name, files }: HubModel): readonly HubFile[] {
  const has = (path: string) => files.find((file) => file.path === path)
  const missing = [modelFiles.config, modelFiles.tokenizer].find((path) => has(path) === undefined)
  if (missing !== undefined) {
    throw usageError(
      `${name} has no ${missing}: it was not made for a fast tokenizer; convert it, or pull another model.`,
    )
  }
  return Object.values<string>(modelFiles).flatMap((path) => has(path) ?? [])
}

const shard = /^model(-\d+-of-\d+)?\.safetensors$/
const shardIndex = 'model.safetensors.index.json'

/** Safetensors where we can build the architecture, else the ONNX export with the data beside it. */
function weightsOf({ name, files }: HubModel, modelType: string): readonly HubFile[] {
  const isOurs = architectures.some(({ modelTypes }) => modelTypes.includes(modelType))
  const single = files.filter(({ path }) => path === 'model.safetensors')
  const shards = files.filter(({ path }) => shard.test(path) || path === shardIndex)
  const tensors = single.length > 0 ? single : shards
  if (isOurs && tensors.length > 0) return tensors
  for (const below of ['', 'onnx/']) {
    const graph = graphFileNames
      .map((file) => below + file)
      .find((path) => files.some((file) => file.path === path))
    if (graph === undefined) continue
    // `model.onnx_data`, `model.onnx.data`, and whatever else an export calls it.
    return files.filter(
      ({ path }) => path === graph || path.startsWith(`${graph}_`) || path.startsWith(`${graph}.`),
    )
  }
  throw usageError(
    `${name} has neither safetensors of an architecture that can be built nor an ONNX export (model_type ${JSON.stringify(modelType)}): pull another model.`,
  )
}

async function modelTypeIn(folder: string): Promise<string> {
  try {
    const config: unknown = JSON.parse(await readFile(join(folder, modelFiles.config), 'utf8'))
    if (typeof config === 'object' && config !== null && 'model_type' in config) {
      return String(config.model_type)
    }
  } catch (error) {
    throw usageError(
      `Its ${modelFiles.config} is no JSON (${messageOf(error)}): pull another model.`,
    )
  }
  return ''
}

async function fetchFiles(
  files: readonly HubFile[],
  { name, commit }: HubModel,
  directory: string,
  { access, onProgress }: PullOptions,
): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let before = 0
  for (const file of files) {
    const path = file.path.split('/').map(encodeURIComponent).join('/')
    await download({
      url: new URL(`${access.endpoint.href.replace(/\/$/, '')}/${name}/resolve/${commit}/${path}`),
      ...{ file, directory, access },
      onBytes: (bytes) => {
        onProgress(before + bytes, total)
      },
    })
    before += file.bytes
  }
}

async function roomFor(files: readonly HubFile[], directory: string): Promise<void> {
  const needed = await bytesToFetch(files, directory)
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize >= needed) return
  throw environmentError(
    `The model needs ${formatBytes(needed)} more and ${directory} has ${formatBytes(bavail * bsize)} left: make room, or set RERANKSCOPE_CACHE to another folder.`,
  )
}
