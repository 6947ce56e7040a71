import { InferenceSession, Tensor } from 'onnxruntime-node'
import { beforeAll, describe, expect, test } from 'vitest'
import {
  architectures,
  type EncoderConfig,
} from '../../../reference-server/model/architectures/index.ts'
import type { Dtype } from '../../../reference-server/model/dtype.ts'
import { buildEncoder } from '../../../reference-server/model/graph/encoder.ts'
import { generator } from '../../../reference-server/model/random.ts'
import { randomWeights } from '../../../reference-server/model/sources/random-weights.ts'
import { logitOf } from './forward.ts'
import { evaluate } from './interpreter.ts'

/** The families that share a builder, their documents' token type and the id that pads. */
const families = [
  { family: 'bert', architecture: architectures[0]!, tokenTypes: 2, paddingId: 0 },
  { family: 'xlm-roberta', architecture: architectures[1]!, tokenTypes: 1, paddingId: 1 },
] as const
const cases = families.flatMap((one) => [2, 4].map((layers) => ({ ...one, layers })))

const vocabularySize = 300
const longest = 24
const configOf = (layers: number, tokenTypes: number): EncoderConfig => ({
  vocabularySize,
  hiddenSize: 48,
  heads: 4,
  layers,
  intermediateSize: 96,
  maximumPositions: longest + 2,
  tokenTypes,
  layerNormEpsilon: 1e-5,
})

interface Pair {
  readonly ids: readonly number[]
  readonly types: readonly number[]
}

/** Pairs of every length from 2 on, so that a batch is padded in every way. */
function pairsOf(count: number, tokenTypes: number): readonly Pair[] {
  const next = generator(7)
  return Array.from({ length: count }, (_, at) => {
    const length = 2 + ((at * 5) % (longest - 1))
    const query = 1 + (next() % (length - 1))
    return {
      ids: Array.from({ length }, () => 5 + (next() % (vocabularySize - 5))),
      types: Array.from({ length }, (_unused, place) => (tokenTypes > 1 && place >= query ? 1 : 0)),
    }
  })
}

function feedsOf(pairs: readonly Pair[], paddingId: number, tokenTypeInput: boolean) {
  const sequence = Math.max(...pairs.map(({ ids }) => ids.length))
  const shape = [pairs.length, sequence]
  const cells = (of: (pair: Pair, at: number) => number) =>
    pairs.flatMap((pair) => Array.from({ length: sequence }, (_, at) => of(pair, at)))
  return {
    shape,
    input_ids: cells(({ ids }, at) => ids[at] ?? paddingId),
    attention_mask: cells(({ ids }, at) => (at < ids.length ? 1 : 0)),
    ...(tokenTypeInput && { token_type_ids: cells(({ types }, at) => types[at] ?? 0) }),
  }
}

async function run(
  session: InferenceSession,
  { shape, ...feeds }: ReturnType<typeof feedsOf>,
): Promise<readonly number[]> {
  const tensors = Object.entries(feeds).map(
    ([name, values]) =>
      [name, new Tensor('int64', BigInt64Array.from(values, BigInt), shape)] as const,
  )
  const { logits } = await session.run(Object.fromEntries(tensors))
  expect(logits!.type).toBe('float32')
  expect(logits!.dims).toEqual([shape[0], 1])
  return Array.from(logits!.data as Float32Array)
}

describe.each(cases)(
  '$family of $layers layers',
  ({ family, architecture, tokenTypes, paddingId, layers }) => {
    const config = configOf(layers, tokenTypes)
    const weights = randomWeights(architecture, config, layers)
    const pairs = pairsOf(48, tokenTypes)
    const feeds = feedsOf(pairs, paddingId, architecture.tokenTypeInput)
    let exact: readonly number[]
    beforeAll(() => {
      exact = pairs.map(({ ids, types }) => logitOf({ family, config, weights }, ids, types))
    })

    const logitsOf = async (dtype: Dtype) => {
      const graph = buildEncoder({ architecture, config, weights, dtype, form: 'padded' })
      const session = await InferenceSession.create(graph.encode('parity'), {
        intraOpNumThreads: 1,
      })
      return { session, logits: await run(session, feeds) }
    }

    test('the logits differ enough for a comparison to mean something', () => {
      expect(deviation(exact)).toBeGreaterThan(0.3)
    })

    test('float32 agrees with the forward pass in float64 to 1e-4, padded or not', async () => {
      const { session, logits } = await logitsOf('float32')
      expect(largestDifference(logits, exact)).toBeLessThan(1e-4)
      for (const [at, pair] of pairs.slice(0, 6).entries()) {
        const [alone] = await run(session, feedsOf([pair], paddingId, architecture.tokenTypeInput))
        expect(Math.abs(alone! - logits[at]!)).toBeLessThan(1e-5)
      }
    })

    test('float16 agrees to 1e-2, and is not float32 in disguise', async () => {
      const { logits } = await logitsOf('float16')
      expect(largestDifference(logits, exact)).toBeLessThan(1e-2)
      expect(largestDifference(logits, exact)).toBeGreaterThan(1e-5)
    })

    test('int8 ranks as float64 does', async () => {
      const { logits } = await logitsOf('int8')
      expect(rankCorrelation(logits, exact)).toBeGreaterThanOrEqual(0.99)
    })

    test('the packed graph says the same, evaluated operator by operator', () => {
      const graph = buildEncoder({
        architecture,
        config,
        weights,
        dtype: 'float32',
        form: 'packed',
      })
      const some = feedsOf(pairs.slice(0, 8), paddingId, architecture.tokenTypeInput)
      const logits = evaluate(graph.encode('packed'), some)
      expect(largestDifference(logits, exact.slice(0, 8))).toBeLessThan(1e-5)
    })
  },
)

function largestDifference(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length)
  return Math.max(...a.map((value, at) => Math.abs(value - b[at]!)))
}

function deviation(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)
}

/** Spearman's: the correlation of the places; no two values of ours are equal. */
function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const placesOf = (values: readonly number[]) => {
    const order = [...values.keys()].sort((i, j) => values[i]! - values[j]!)
    return values.map((_, at) => order.indexOf(at))
  }
  const [first, second] = [placesOf(a), placesOf(b)]
  const squares = first.reduce((sum, place, at) => sum + (place - second[at]!) ** 2, 0)
  const n = a.length
  return 1 - (6 * squares) / (n * (n * n - 1))
}
