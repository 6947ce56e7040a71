import { mkdir, open, rename, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { environmentError, messageOf, usageError, UserError } from '../../core/errors.ts'
import { formatBytes } from '../../core/units.ts'
import type { Dtype, GraphForm } from './dtype.ts'
import { graphFileName, modelFiles } from './folder.ts'
import { buildEncoder } from './graph/encoder.ts'
import type { ExternalPlace, OnnxGraph } from './onnx.ts'
import type { ModelRecipe } from './sources/index.ts'

/** Above this a graph's constants go to a file of their own: an ONNX file may not reach 2 GiB, and is parsed in memory. */
const largestInlineBytes = 256 * 1024 * 1024
/** Constants below this stay in the graph all the same: shapes and axes are needed to read it. */
const smallestExternalBytes = 1024
/** A file can be mapped into memory from pages on. */
const pageBytes = 4096

export interface BuildOptions {
  readonly recipe: ModelRecipe
  readonly dtype: Dtype
  readonly form: GraphForm
  readonly directory: string
  readonly signal: AbortSignal
  /** Tests lower it to have small graphs with a data file. */
  readonly inlineBytes?: number
  readonly onProgress?: (writtenBytes: number, totalBytes: number) => void
}

export interface WrittenFile {
  readonly file: string
  readonly bytes: number
}

/** The graph of a recipe. Throws a usage error when its weights are not the architecture's. */
export function graphOf(
  recipe: ModelRecipe,
  { dtype, form }: { readonly dtype: Dtype; readonly form: GraphForm },
): OnnxGraph {
  if (dtype === 'int8' && form === 'packed') {
    throw usageError('A packed graph cannot be int8: use --dtype fp16, or --form padded.')
  }
  try {
    return buildEncoder({ ...recipe, dtype, form })
  } catch (error) {
    if (error instanceof UserError) throw error
    throw usageError(
      `The weights of ${recipe.name} are not those of a reranker that can be built: ${messageOf(error)}.`,
      { cause: error },
    )
  }
}

/**
 * Writes a model's folder: the graph, its data where it is large, tokenizer and configs; the same
 * bytes every time. Tensors are read and written one by one, so memory stays small; each file gets
 * its name when it is whole. Throws an environment error when the folder cannot hold it.
 */
export async function buildModel(options: BuildOptions): Promise<readonly WrittenFile[]> {
  const { recipe, directory } = options
  const graph = graphOf(recipe, options)
  try {
    await mkdir(directory, { recursive: true })
    await roomFor(graph, directory)
    const written = await writeGraph(graph, options)
    const texts: readonly (readonly [string, string])[] = [
      [modelFiles.tokenizer, recipe.tokenizerJson],
      [modelFiles.tokenizerConfig, recipe.tokenizerConfigJson],
      [modelFiles.config, recipe.configJson],
    ]
    for (const [file, text] of texts) {
      await whole(join(directory, file), (path) => writeFile(path, text))
    }
    return [...written, ...texts.map(([file, text]) => ({ file, bytes: Buffer.byteLength(text) }))]
  } catch (error) {
    if (error instanceof UserError || options.signal.aborted) throw error
    throw environmentError(
      `The model cannot be written to ${directory}: ${messageOf(error)}. Choose another --out.`,
      { cause: error },
    )
  }
}

async function writeGraph(
  graph: OnnxGraph,
  { recipe, directory, inlineBytes = largestInlineBytes, ...options }: BuildOptions,
): Promise<readonly WrittenFile[]> {
  const file = graphFileName(options)
  const name = `rerankscope-${recipe.name}`
  const total = totalBytes(graph)
  const places = new Map<string, ExternalPlace>()
  const data: WrittenFile[] = []
  if (total > inlineBytes) {
    const location = `${file}_data`
    await whole(join(directory, location), async (path) => {
      const bytes = await writeData(graph, path, location, places, options)
      data.push({ file: location, bytes })
    })
  }
  options.signal.throwIfAborted()
  const encoded = graph.encode(name, places)
  await whole(join(directory, file), (path) => writeFile(path, encoded))
  return [{ file, bytes: encoded.length }, ...data]
}

/** Writes the large constants one after the other and notes where they lie; returns the file's size. */
async function writeData(
  graph: OnnxGraph,
  path: string,
  location: string,
  places: Map<string, ExternalPlace>,
  { signal, onProgress }: Pick<BuildOptions, 'signal' | 'onProgress'>,
): Promise<number> {
  const total = totalBytes(graph)
  const file = await open(path, 'w')
  try {
    let at = 0
    for (const { name, bytes, chunks } of graph.constants) {
      if (bytes < smallestExternalBytes) continue
      at = Math.ceil(at / pageBytes) * pageBytes
      places.set(name, { location, offset: at })
      for (const chunk of chunks()) {
        signal.throwIfAborted()
        await writeAll(file, chunk, at)
        at += chunk.length
        onProgress?.(Math.min(at, total), total)
      }
    }
    await file.sync()
    return at
  } finally {
    await file.close()
  }
}

async function writeAll(
  file: Awaited<ReturnType<typeof open>>,
  chunk: Uint8Array,
  at: number,
): Promise<void> {
  for (let done = 0; done < chunk.length;) {
    const { bytesWritten } = await file.write(chunk, done, chunk.length - done, at + done)
    done += bytesWritten
  }
}

function totalBytes(graph: OnnxGraph): number {
  return graph.constants.reduce((sum, { bytes }) => sum + bytes, 0)
}

async function roomFor(graph: OnnxGraph, directory: string): Promise<void> {
  const needed = totalBytes(graph)
  const { bavail, bsize } = await statfs(directory)
  if (bavail * bsize >= needed) return
  throw environmentError(
    `The model needs ${formatBytes(needed)} and ${directory} has ${formatBytes(bavail * bsize)} left: make room or choose another --out.`,
  )
}

/** Lets a file be written under another name and gives it its own when it is whole. */
async function whole(path: string, write: (path: string) => Promise<void>): Promise<void> {
  const unfinished = `${path}.unfinished`
  try {
    await write(unfinished)
    await rename(unfinished, path)
  } catch (error) {
    await rm(unfinished, { force: true })
    throw error
  }
}
