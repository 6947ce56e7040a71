import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dialects } from '../../../core/dialects/index.ts'
import type { Observation } from '../../../core/observation.ts'
import { judge } from '../../../loadgen/measure/response.ts'
import { steadyOf, steadyWindowOf } from '../../../loadgen/measure/steady.ts'
import { gpuFiguresOf, type TelemetrySample } from '../../../loadgen/measure/telemetry.ts'
import { throughputOf } from '../../../loadgen/measure/throughput.ts'

const at = (intendedSeconds: number, changes: Partial<Observation> = {}): Observation => ({
  index: 0,
  batch: 0,
  documents: 10,
  intendedSeconds,
  sentSeconds: intendedSeconds,
  doneSeconds: intendedSeconds + 0.1,
  outcome: 'ok',
  ...changes,
})

test.each([
  ['a long run settles for a second', 30, 0, [1, 30]],
  ['a short one for a tenth of itself', 2, 0, [0.2, 2]],
  ['an interrupted one ends with what was sent', 30, 100, [0.5, 5]],
])('%s', (_, seconds, unsent, [startSeconds, endSeconds]) => {
  const schedule = { seconds, periodSeconds: 0.2, unsent }
  expect(steadyWindowOf([at(0), at(4.8)], schedule)).toEqual({ startSeconds, endSeconds })
})

test('answers of the drain are not of the steady window, nor are failures', () => {
  const window = { startSeconds: 1, endSeconds: 10 }
  const answers = [
    at(0.5),
    at(1, { documents: 50 }),
    at(9.5, { doneSeconds: 10.5 }),
    at(5, { outcome: 'timeout' }),
    at(6, { queries: 4, doneSeconds: 10 }),
  ]
  expect(steadyOf(answers, window)).toMatchObject({ requests: 2, pairs: 90, pairsPerSecond: 10 })
})

/** A GPU that is idle before the load, busy for `busy` of each second under it, idle after it. */
function looks(busy: number, offset: number): TelemetrySample[] {
  const loaded = (seconds: number) => Math.min(10, Math.max(0, seconds))
  return Array.from({ length: 16 }, (_, second) => {
    const atSeconds = second - 2 + offset
    const underLoad = atSeconds > 0 && atSeconds <= 10
    return {
      atSeconds,
      takenAtSeconds: second,
      devices: [
        {
          uuid: 'GPU-a',
          name: 'H100',
          kind: 'nvidia' as const,
          measurable: true,
          utilizationRatio: underLoad ? busy : 0,
          memoryUsedBytes: underLoad ? 8e9 : 1e9,
          busySeconds: busy * loaded(atSeconds),
          observedSeconds: 50 + atSeconds,
          energyJoules: 1000 + 50 * atSeconds + 250 * loaded(atSeconds),
        },
      ],
    }
  })
}

test('whenever the looks came, idle time before and after the load is in no GPU figure', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 0.99, noNaN: true }),
      (busy, offset) => {
        // The steady window of 10 s at 5/s; the looks between which the load ends lie on both sides.
        const { gpu } = gpuFiguresOf(looks(busy, offset), { startSeconds: 1, endSeconds: 9 })
        const [device] = gpu!.devices
        expect(gpu!.observedSeconds).toBeCloseTo(8, 9)
        expect(device!.utilizationPercent.mean).toBeCloseTo(100 * busy, 6)
        expect(device!.utilizationPercent.min).toBeCloseTo(100 * busy, 9)
        expect(device!.memoryUsedBytes).toEqual({ mean: 8e9, max: 8e9 })
        expect(device!.energyJoules).toBeCloseTo(8 * 300, 6)
      },
    ),
  )
})

test.each([
  ['the server’s count first', { tokens: 500, computedTokens: 400 }, 1200, 'server'],
  ['else the tokenizer’s', { tokens: 500 }, 1500, 'tokenizer'],
  ['nobody’s where nobody counted', {}, null, null],
])('tokens/s: %s', (_, changes, perSecond, by) => {
  const requests = [at(0, changes), at(0.2, changes), at(0.4, changes)]
  const figures = throughputOf(requests, 0.6)
  expect(figures.spanSeconds).toBeCloseTo(1, 9)
  expect(figures.tokensCountedBy).toBe(by)
  if (perSecond === null) expect(figures.tokensPerSecond).toBeNull()
  else expect(figures.tokensPerSecond).toBeCloseTo(perSecond, 6)
})

test.each([
  ['x-compute-tokens', 'tei', { 'x-compute-tokens': '321' }, {}, 321],
  ['no word of it', 'tei', {}, {}, undefined],
  ['a 0 of a server that did not count', 'tei', { 'x-compute-tokens': '0' }, {}, undefined],
  ['usage', 'jina', {}, { usage: { total_tokens: 77 } }, 77],
  ['meta', 'cohere-v2', {}, { meta: { tokens: { input_tokens: 55 } } }, 55],
])('what a server counted is kept: %s', (_, name, headers, extra, tokens) => {
  const dialect = dialects.find((each) => each.name === name)!
  const results = [{ index: 0, relevance_score: 0.5, score: 0.5 }]
  const body = JSON.stringify(name === 'tei' ? results : { results, ...extra })
  const item = {
    index: 0,
    batch: 0,
    intendedSeconds: 0,
    documents: 1,
    characters: 9,
    texts: [0, 1],
  }
  const message = { status: 200, headers, body }
  expect(judge(message, dialect, item)).toEqual({
    outcome: 'ok',
    ...(tokens !== undefined && { computedTokens: tokens }),
  })
})

test('tokens/s is of succeeded requests, and not known when one of them was not counted', () => {
  const counted = at(0, { computedTokens: 400 })
  const refused = at(0.2, { outcome: 'rejected_429' })
  expect(throughputOf([counted, refused], 0.8).tokensPerSecond).toBeCloseTo(400, 6)
  expect(throughputOf([counted, at(0.2)], 0.8)).toMatchObject({
    tokensPerSecond: null,
    tokensCountedBy: null,
  })
})
