import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openRecipe, type ModelRecipe } from '../../../reference-server/model/sources/index.ts'
import { toFloat16 } from '../../../reference-server/model/float16.ts'
import { bytesOf } from '../../../reference-server/model/onnx.ts'
import { numbersOf } from '../../../reference-server/model/weights.ts'

export type Stored = 'F32' | 'F16' | 'BF16'

/** Every tensor name that the builder asks of a recipe's weights, and what it gets. */
export function recorded(recipe: ModelRecipe): {
  readonly recipe: ModelRecipe
  readonly names: ReadonlySet<string>
} {
  const names = new Set<string>()
  const weights = {
    tensor(name: string) {
      names.add(name)
      return recipe.weights.tensor(name)
    },
  }
  return { recipe: { ...recipe, weights }, names }
}

/** The bytes of a `.safetensors` file, written from the format's description. */
export function safetensorsOf(
  recipe: ModelRecipe,
  names: Iterable<string>,
  stored: Stored = 'F32',
): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } }
  const parts: Buffer[] = []
  let at = 0
  for (const name of names) {
    const tensor = recipe.weights.tensor(name)
    const bytes = Buffer.from(encoded(numbersOf(tensor), stored))
    header[name] = { dtype: stored, shape: tensor.shape, data_offsets: [at, at + bytes.length] }
    parts.push(bytes)
    at += bytes.length
  }
  // Checkpoints carry buffers of integers that are no weights.
  header['position_ids'] = { dtype: 'I64', shape: [1], data_offsets: [at, at + 8] }
  return fileOf(JSON.stringify(header), Buffer.concat([...parts, Buffer.alloc(8)]))
}

export function fileOf(header: string, data: Uint8Array): Buffer {
  const text = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  return Buffer.concat([length, text, data])
}

function encoded(numbers: Float32Array, stored: Stored): Uint8Array {
  if (stored === 'F32') return bytesOf(numbers)
  if (stored === 'F16') return bytesOf(toFloat16(numbers))
  const bits = new Uint32Array(Float32Array.from(numbers).buffer)
  return bytesOf(Uint16Array.from(bits, (one) => one >>> 16))
}

export const twinRecipe = (name: string, seed = 1) => openRecipe({ name, twin: true, seed })

/** Writes a hub-like folder with the weights of a tiny twin; `shards` of them. */
export function writeCheckpoint(
  directory: string,
  recipe: ModelRecipe,
  names: ReadonlySet<string>,
  { stored = 'F32', shards = 1 }: { readonly stored?: Stored; readonly shards?: number } = {},
): void {
  writeFileSync(join(directory, 'config.json'), recipe.configJson)
  writeFileSync(join(directory, 'tokenizer.json'), recipe.tokenizerJson)
  writeFileSync(join(directory, 'tokenizer_config.json'), recipe.tokenizerConfigJson)
  if (shards === 1) {
    writeFileSync(join(directory, 'model.safetensors'), safetensorsOf(recipe, names, stored))
    return
  }
  const weight_map: Record<string, string> = {}
  for (let shard = 0; shard < shards; shard += 1) {
    const file = `model-0000${String(shard + 1)}-of-0000${String(shards)}.safetensors`
    const some = [...names].filter((_, at) => at % shards === shard)
    for (const name of some) weight_map[name] = file
    writeFileSync(join(directory, file), safetensorsOf(recipe, some, stored))
  }
  writeFileSync(
    join(directory, 'model.safetensors.index.json'),
    JSON.stringify({ metadata: {}, weight_map }),
  )
}
