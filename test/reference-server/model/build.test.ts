import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { buildModel, graphOf, type BuildOptions } from '../../../reference-server/model/build.ts'
import { readModelFolder } from '../../../reference-server/model/folder.ts'
import { OnnxGraph } from '../../../reference-server/model/onnx.ts'
import { openRecipe, type ModelRecipe } from '../../../reference-server/model/sources/index.ts'
import { recorded, twinRecipe, writeCheckpoint } from './checkpoint.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rerankscope-build-'))
})
afterEach(() => {
  rmSync(folder, { recursive: true })
})

const never = new AbortController().signal
const build = (recipe: ModelRecipe, options: Partial<BuildOptions> = {}) =>
  buildModel({
    recipe,
    dtype: 'float32',
    form: 'padded',
    directory: folder,
    signal: never,
    ...options,
  })
const digestOf = (directory: string) =>
  readdirSync(directory).map((file) => [
    file,
    createHash('sha256')
      .update(readFileSync(join(directory, file)))
      .digest('hex'),
  ])

async function logitsOf(graph: string | Uint8Array, pairs = 3): Promise<readonly number[]> {
  const session =
    typeof graph === 'string'
      ? await InferenceSession.create(graph, { intraOpNumThreads: 1 })
      : await InferenceSession.create(graph, { intraOpNumThreads: 1 })
  const shape = [pairs, 9]
  const tensor = (of: (at: number) => number) =>
    new Tensor(
      'int64',
      BigInt64Array.from({ length: pairs * 9 }, (_, at) => BigInt(of(at))),
      shape,
    )
  const all = {
    input_ids: tensor((at) => 5 + ((at * 37) % 900)),
    attention_mask: tensor(() => 1),
    token_type_ids: tensor((at) => (at % 9 > 3 ? 1 : 0)),
  }
  const feeds = Object.entries(all).filter(([name]) => session.inputNames.includes(name))
  return Array.from((await session.run(Object.fromEntries(feeds))).logits!.data as Float32Array)
}

describe('a model that is built', () => {
  test('has the same bytes for the same seed, and others for another', async () => {
    await build(twinRecipe('tiny-bert', 1))
    const first = digestOf(folder)
    expect(first.map(([file]) => file)).toEqual([
      'config.json',
      'model.onnx',
      'tokenizer.json',
      'tokenizer_config.json',
    ])
    await build(twinRecipe('tiny-bert', 1))
    expect(digestOf(folder)).toEqual(first)
    await build(twinRecipe('tiny-bert', 2))
    const changed = digestOf(folder).filter(([, digest], at) => digest !== first[at]![1])
    expect(changed.map(([file]) => file)).toEqual(['model.onnx'])
  })

  test('keeps large constants in a data file, from pages on, and scores the same', async () => {
    const recipe = twinRecipe('tiny-xlm-roberta')
    const inline = await logitsOf(graphOf(recipe, { dtype: 'float16', form: 'padded' }).encode('x'))
    const seen: number[] = []
    const files = await build(recipe, {
      dtype: 'float16',
      inlineBytes: 0,
      onProgress: (done, total) => seen.push(done / total),
    })
    expect(files.map(({ file }) => file)).toEqual([
      'model_fp16.onnx',
      'model_fp16.onnx_data',
      'tokenizer.json',
      'tokenizer_config.json',
      'config.json',
    ])
    for (const { file, bytes } of files) expect(statSync(join(folder, file)).size).toBe(bytes)
    expect(files[0]!.bytes).toBeLessThan(100_000)
    expect(files[1]!.bytes).toBeGreaterThan(2 * 8000 * 64)
    expect(seen).toEqual([...seen].sort((a, b) => a - b))
    expect(seen.at(-1)).toBeGreaterThan(0.9)
    expect(await logitsOf(join(folder, 'model_fp16.onnx'))).toEqual(inline)
  })

  test('leaves nothing unfinished when it is stopped', async () => {
    const stop = new AbortController()
    const stopped = build(twinRecipe('tiny-bert'), {
      inlineBytes: 0,
      signal: stop.signal,
      onProgress: () => {
        stop.abort()
      },
    })
    await expect(stopped).rejects.toThrow()
    expect(readdirSync(folder)).toEqual([])
  })

  test('says where it cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '')
    await expect(
      build(twinRecipe('tiny-bert'), { directory: join(folder, 'file') }),
    ).rejects.toThrow(
      expect.objectContaining({
        exitCode: 3,
        message: expect.stringContaining('Choose another --out.') as string,
      }) as Error,
    )
  })
})

describe('a folder with several graphs', () => {
  test('serves its own, or the one that is wished', async () => {
    const recipe = twinRecipe('tiny-bert')
    await build(recipe, { dtype: 'int8' })
    expect(readModelFolder(folder)).toMatchObject({ dtype: 'int8', form: 'padded' })
    await build(recipe, { dtype: 'float16', form: 'packed' })
    await build(recipe, { dtype: 'float16' })
    expect(readModelFolder(folder)).toMatchObject({ dtype: 'float16', form: 'padded' })
    expect(readModelFolder(folder, { form: 'packed' }).graph).toEqual({
      path: join(folder, 'model_fp16_packed.onnx'),
    })
    expect(() => readModelFolder(folder, { dtype: 'float32' })).toThrow(
      /holds no model\.onnx \(only model_fp16\.onnx, model_int8\.onnx, model_fp16_packed\.onnx\)/,
    )
  })

  test('int8 is about a quarter of float32', async () => {
    const recipe = twinRecipe('tiny-xlm-roberta')
    const [whole] = await build(recipe)
    const [quarter] = await build(recipe, { dtype: 'int8' })
    expect(quarter!.bytes / whole!.bytes).toBeLessThan(0.35)
  })
})

describe('weights of a checkpoint', () => {
  test.each([
    ['tiny-bert', 'F32', 1],
    ['tiny-xlm-roberta', 'F32', 3],
    ['tiny-bert', 'F16', 2],
    ['tiny-xlm-roberta', 'BF16', 1],
  ] as const)(
    'of %s as %s in %i files give the logits of the twin',
    async (name, stored, shards) => {
      const twin = recorded(twinRecipe(name))
      const graph = graphOf(twin.recipe, { dtype: 'float32', form: 'padded' }).encode('twin')
      writeCheckpoint(folder, twin.recipe, twin.names, { stored, shards })
      const recipe = openRecipe({ name: folder, twin: false, seed: 1 })
      const built = graphOf(recipe, { dtype: 'float32', form: 'padded' }).encode('twin')
      const [expected, found] = [await logitsOf(graph), await logitsOf(built)]
      const tolerance = { F32: 0, F16: 0.01, BF16: 0.1 }[stored]
      for (const [at, logit] of found.entries()) {
        expect(Math.abs(logit - expected[at]!)).toBeLessThanOrEqual(tolerance)
      }
      if (stored === 'F32') expect(Buffer.from(built).equals(Buffer.from(graph))).toBe(true)
    },
  )

  test('a packed graph of int8 is refused', () => {
    expect(() => graphOf(twinRecipe('tiny-bert'), { dtype: 'int8', form: 'packed' })).toThrow(
      'cannot be int8',
    )
  })

  test('several labels are no reranker', () => {
    const twin = recorded(twinRecipe('tiny-bert'))
    const weights = {
      tensor: (name: string) => ({
        ...twin.recipe.weights.tensor(name),
        ...(name === 'classifier.weight' && { shape: [3, 64] }),
      }),
    }
    expect(() =>
      graphOf({ ...twin.recipe, weights }, { dtype: 'float32', form: 'padded' }),
    ).toThrow(/classifier\.weight is \[3, 64\], not \[1, 64\]/)
  })

  test.each([
    ['model_type', 'gpt2', /model_type "gpt2" is none of bert, xlm-roberta, roberta, camembert/],
    ['hidden_act', 'relu', /hidden_act/],
    ['num_attention_heads', 3, /hidden_size is not a multiple/],
    ['vocab_size', undefined, /vocab_size/],
  ])('a config.json whose %s is %s', (field, value, sentence) => {
    const twin = recorded(twinRecipe('tiny-bert'))
    writeCheckpoint(folder, twin.recipe, new Set(['classifier.bias']))
    const config = { ...(JSON.parse(twin.recipe.configJson) as object), [field]: value }
    writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
    expect(() => openRecipe({ name: folder, twin: false, seed: 1 })).toThrow(sentence)
  })
})

describe('operators that only CUDA has', () => {
  const attempt = async (graph: OnnxGraph) =>
    InferenceSession.create(graph.encode('packed'), {
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
    }).then(
      () => 'it runs',
      (error: unknown) => (error as Error).message,
    )

  test.each(['tiny-bert', 'tiny-xlm-roberta'])(
    'ONNX Runtime finds nothing wrong with the packed graph of %s but that the CPU lacks them',
    async (name) => {
      for (const dtype of ['float32', 'float16'] as const) {
        const message = await attempt(graphOf(twinRecipe(name), { dtype, form: 'packed' }))
        expect(message).toMatch(/RemovePadding/)
        expect(message).toMatch(/implementation|Kernel not found/)
      }
    },
  )

  test('and it would find a wrong input', async () => {
    const graph = new OnnxGraph()
    const value = graph.input('value', 'float32', ['batch', 'sequence', 4])
    graph.contrib('RemovePadding', ['logits'], [value, value])
    graph.output('logits', 'float32', ['tokens', 4])
    expect(await attempt(graph)).toMatch(/Type Error|invalid/i)
  })
})
