import { createHash } from 'node:crypto'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, test } from 'vitest'
import { graphOf } from '../../../reference-server/model/build.ts'
import { embeddedRecipe } from '../../../reference-server/model/embedded/index.ts'
import { embeddedVocabulary } from '../../../reference-server/model/embedded/vocabulary.ts'
import {
  embeddedConfig,
  embeddedWeights,
} from '../../../reference-server/model/embedded/weights.ts'
import { tokenizerOf, type TextTokenizer } from '../../../reference-server/tokenise/library.ts'
import { numbersOf } from '../../../reference-server/model/weights.ts'
import { logitOf as witness } from './forward.ts'

const maximumBytes = 8_000_000

const graphBytes = () =>
  graphOf(embeddedRecipe(), { dtype: 'float32', form: 'padded' }).encode('embedded')

function digest(): string {
  const { tokenizerJson, tokenizerConfigJson, configJson } = embeddedRecipe()
  return createHash('sha256')
    .update(graphBytes())
    .update(tokenizerJson)
    .update(tokenizerConfigJson)
    .update(configJson)
    .digest('hex')
}

test('two builds give the same bytes, and few of them', () => {
  expect(digest()).toBe(digest())
  expect(graphBytes().length).toBeLessThanOrEqual(maximumBytes)
})

test('every token is in the vocabulary once, and its embedding has mean 0 and variance 1', () => {
  const vocabulary = embeddedVocabulary()
  expect(new Set(vocabulary.map(({ token }) => token)).size).toBe(vocabulary.length)
  const weights = embeddedWeights(embeddedConfig(vocabulary.length), vocabulary)
  const words = numbersOf(weights.tensor('bert.embeddings.word_embeddings.weight'))
  const kind = weights.tensor('bert.embeddings.token_type_embeddings.weight').rows(0, 1)
  for (let id = 0; id < vocabulary.length; id += 1) {
    const sum = words.subarray(id * 64, id * 64 + 64).map((value, at) => value + kind[at]!)
    expect(sum.reduce((total, value) => total + value, 0)).toBeCloseTo(0, 5)
    expect(sum.reduce((total, value) => total + value * value, 0) / 64).toBeCloseTo(1, 5)
  }
})

describe('the ONNX graph', () => {
  let session: InferenceSession
  let tokenizer: TextTokenizer
  const vocabulary = embeddedVocabulary()
  const config = embeddedConfig(vocabulary.length)
  const weights = embeddedWeights(config, vocabulary)

  beforeAll(async () => {
    const { tokenizerJson, tokenizerConfigJson } = embeddedRecipe()
    session = await InferenceSession.create(graphBytes(), { intraOpNumThreads: 1 })
    tokenizer = tokenizerOf(
      JSON.parse(tokenizerJson) as object,
      JSON.parse(tokenizerConfigJson) as object,
    )
  })

  const encode = (query: string, document: string) => {
    const { ids, token_type_ids } = tokenizer.encode(query, {
      text_pair: document,
      return_token_type_ids: true,
    })
    return { ids, types: token_type_ids ?? [] }
  }
  const run = async (ids: readonly number[], types: readonly number[]) => {
    const int64 = (values: readonly number[]) =>
      new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length])
    const { logits } = await session.run({
      input_ids: int64(ids),
      attention_mask: int64(ids.map(() => 1)),
      token_type_ids: int64(types),
    })
    return (logits!.data as Float32Array)[0]!
  }

  test.each([
    ['what is a panda', 'The giant panda is a bear of China.'],
    ['什么是机器学习', '机器学习是人工智能的一个分支，推理服务需要批处理。'],
    ['GPU 利用率低于 40%', 'GPU 利用率连续五分钟低于 40% 时，先检查 batch 是否太小。'],
    ['cancer', 'can can can'],
    ['', 'only a document'],
  ])('computes what the forward pass in float64 does: %s', async (query, document) => {
    const { ids, types } = encode(query, document)
    expect(await run(ids, types)).toBeCloseTo(
      witness({ family: 'bert', config, weights }, ids, types),
      3,
    )
  })

  test('coverage of the query decides, density only breaks ties', async () => {
    const logitOf = async (query: string, document: string) => {
      const { ids, types } = encode(query, document)
      return run(ids, types)
    }
    const full = await logitOf('panda diet', 'the diet of the panda')
    const half = await logitOf('panda diet', 'panda panda panda')
    const none = await logitOf('panda diet', 'a stone')
    expect(full).toBeGreaterThan(3)
    expect(half).toBeLessThan(full - 2)
    expect(half).toBeGreaterThan(none + 2)
    const dense = await logitOf('panda', 'panda')
    const thin = await logitOf('panda', 'panda and a long list of other animals in this zoo')
    expect(dense).toBeGreaterThan(thin)
    expect(dense - thin).toBeLessThan(1)
  })

  test('function words and unknown characters do not count as a match', async () => {
    const none = await run(...pair(encode('what is the panda', 'a stone')))
    const stopWords = await run(...pair(encode('what is the panda', 'what is the')))
    // Three of four words match, and yet it counts for less than a quarter of what the panda would.
    const panda = await run(...pair(encode('what is the panda', 'panda')))
    expect(stopWords - none).toBeLessThan((panda - none) / 4)
    const unknown = await run(...pair(encode('🦀🦀', '🦀🦀')))
    expect(unknown).toBeLessThan(0)
  })
})

function pair({ ids, types }: { ids: readonly number[]; types: readonly number[] }) {
  return [ids, types] as const
}
