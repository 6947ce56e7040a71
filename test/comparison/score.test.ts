import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { article, articleFigures } from '../../comparison/article.ts'
import { dimensionNames, dimensions, type DimensionName } from '../../comparison/dimensions.ts'
import { scoresOf, weightsOf, type Figures } from '../../comparison/score.ts'

const positive = fc.double({ min: 1e-3, max: 1e6, noNaN: true })
const weights = fc
  .record(
    Object.fromEntries(
      dimensionNames.map((name) => [name, fc.double({ min: 0, max: 100, noNaN: true })]),
    ),
    { requiredKeys: [] },
  )
  .filter((given) => dimensions.some(({ name, weight }) => (given[name] ?? weight) > 0.01))
const complete = fc.record(
  Object.fromEntries(dimensionNames.map((name) => [name, fc.tuple(positive)])),
) as fc.Arbitrary<Record<DimensionName, [number]>>

describe('weights', () => {
  test('sum to one, whatever is given', () => {
    fc.assert(
      fc.property(weights, (given) => {
        const sum = Object.values(weightsOf(given)).reduce((all, one) => all + one, 0)
        expect(sum).toBeCloseTo(1, 9)
      }),
    )
  })

  test('are equal over the article’s four dimensions when nothing is given', () => {
    expect(weightsOf({})).toEqual({
      ...{ memory: 0.25, latency: 0.25, throughput: 0.25, utilization: 0.25, quality: 0, cost: 0 },
    })
  })
})

describe('scores', () => {
  test('whoever is at least as good everywhere scores at least as much', () => {
    fc.assert(
      fc.property(complete, complete, complete, weights, (one, other, third, given) => {
        const better = Object.fromEntries(
          dimensions.map(({ name, better: kind }) => {
            const pick = kind === 'less' ? Math.min : Math.max
            return [name, [pick(one[name][0], other[name][0])]]
          }),
        ) as Figures
        const [dominating, dominated] = scoresOf([better, other, third], weightsOf(given))
        expect(dominating!.total! + 1e-9).toBeGreaterThanOrEqual(dominated!.total!)
      }),
    )
  })

  test('no unit matters: figures in another one give the same scores', () => {
    fc.assert(
      fc.property(complete, complete, (one, other) => {
        const inMilli = (figures: Record<DimensionName, [number]>): Figures =>
          Object.fromEntries(
            Object.entries(figures).map(([name, [value]]) => [name, [value * 1000]]),
          )
        const plain = scoresOf([one, other], weightsOf({}))
        const scaled = scoresOf([inMilli(one), inMilli(other)], weightsOf({}))
        expect(scaled[1]!.total).toBeCloseTo(plain[1]!.total!, 9)
      }),
    )
  })

  test('a missing dimension is left out, not zero', () => {
    const [whole, part] = scoresOf(
      [
        { memory: [1], latency: [1], throughput: [10], utilization: [0.5] },
        { memory: [null], latency: [2], throughput: [10] },
      ],
      weightsOf({}),
    )
    expect(whole?.total).toBe(10)
    // Latency 5, throughput 10; memory and utilisation do not count.
    expect(part?.total).toBe(7.5)
    expect(part?.weightShare).toBe(0.5)
    expect(part?.byDimension).toMatchObject({ memory: null, utilization: null })
  })

  test('of several figures the mean of the known ones counts; of none there is no score', () => {
    const [one, other, none] = scoresOf(
      [{ latency: [0.1, 0.2] }, { latency: [0.2, null] }, {}],
      weightsOf({}),
    )
    expect(one?.byDimension.latency).toBe(10)
    expect(other?.byDimension.latency).toBe(5)
    expect(none).toMatchObject({ total: null, weightShare: 0 })
  })
})

describe('the article’s own table', () => {
  test('its totals are the equal-weight means of its scores, to half a unit of the last place', () => {
    const equal = weightsOf({})
    for (const { scores, total } of article) {
      const known = Object.entries(scores) as [DimensionName, number][]
      const sum = known.reduce((all, [name, score]) => all + equal[name] * score, 0)
      const weight = known.reduce((all, [name]) => all + equal[name], 0)
      expect(Math.abs(sum / weight - total)).toBeLessThanOrEqual(0.05 + 1e-9)
    }
  })

  test('its throughput scores do not follow from its pairs/s: the faster model has the lower one', () => {
    const [large, base] = article
    expect(base!.pairsPerSecond).toBeGreaterThan(large!.pairsPerSecond)
    expect(base!.scores.throughput).toBeLessThan(large!.scores.throughput!)
  })

  test('nor its memory scores from a line through two of them', () => {
    const [large, base, m3e] = article
    const slope =
      (large!.scores.memory! - base!.scores.memory!) / (large!.memoryGb! - base!.memoryGb!)
    const expected = base!.scores.memory! + slope * (m3e!.memoryGb! - base!.memoryGb!)
    expect(expected).toBeCloseTo(8.96, 2)
    expect(Math.abs(expected - m3e!.scores.memory!)).toBeGreaterThan(0.1)
  })

  test('scored by our rule its figures put bge-reranker-base first', () => {
    const totals = scoresOf(article.map(articleFigures), weightsOf({})).map(({ total }) =>
      Number(total!.toFixed(1)),
    )
    expect(totals).toEqual([7.5, 9.6, 8.1, 5.9])
  })
})
