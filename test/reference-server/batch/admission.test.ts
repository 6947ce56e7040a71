import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { RerankFailure } from '../../../core/rerank.ts'
import { Admission, type Holding } from '../../../reference-server/batch/admission.ts'
import { RecentRate } from '../../../reference-server/batch/rate.ts'

const limits = { requests: 3, pairs: 100, tokens: 1000, bytes: 10_000 }

function failureOf(act: () => unknown): RerankFailure | undefined {
  try {
    act()
    return undefined
  } catch (error) {
    return error as RerankFailure
  }
}

describe('admission', () => {
  test('each kind of load has its own limit, and what is refused holds nothing', () => {
    const asked: number[] = []
    const admission = new Admission(limits, (pairs) => {
      asked.push(pairs)
      return 7
    })
    const first = admission.accept({ pairs: 60, bytes: 100 })
    const refused = failureOf(() => admission.accept({ pairs: 60, bytes: 100 }))
    expect(refused).toMatchObject({ kind: 'overloaded', retryAfterSeconds: 7 })
    // 20 pairs must go before 60 more fit.
    expect(asked).toEqual([20])
    expect(admission.held).toEqual({ requests: 1, pairs: 60, tokens: 0, bytes: 100 })
    expect(failureOf(() => admission.accept({ pairs: 1, bytes: 9901 }))?.kind).toBe('overloaded')
    admission.accept({ pairs: 1, bytes: 1 })
    admission.accept({ pairs: 1, bytes: 1 })
    expect(failureOf(() => admission.accept({ pairs: 1, bytes: 1 }))?.kind).toBe('overloaded')
    first.release()
    expect(admission.held).toEqual({ requests: 2, pairs: 2, tokens: 0, bytes: 2 })
  })

  test('tokens are asked for when they are known; a request refused then lets go of the rest', () => {
    const admission = new Admission(limits, () => 1)
    const first = admission.accept({ pairs: 5, bytes: 5 })
    first.addTokens(800)
    const second = admission.accept({ pairs: 5, bytes: 5 })
    expect(
      failureOf(() => {
        second.addTokens(201)
      })?.kind,
    ).toBe('overloaded')
    second.release()
    expect(admission.held).toEqual({ requests: 1, pairs: 5, tokens: 800, bytes: 5 })
    first.release()
    first.release()
    // Its deadline passed while it was tokenised, which went on all the same.
    first.addTokens(100)
    expect(admission.held).toEqual({ requests: 0, pairs: 0, tokens: 0, bytes: 0 })
  })

  test('what an idle server could not take either is not to be tried again', () => {
    const admission = new Admission(limits, () => 1)
    expect(failureOf(() => admission.accept({ pairs: 1, bytes: 10_001 }))?.kind).toBe('too_large')
    const accepted = admission.accept({ pairs: 1, bytes: 1 })
    expect(
      failureOf(() => {
        accepted.addTokens(1001)
      })?.kind,
    ).toBe('too_large')
  })

  test('never holds more than its limits, whatever comes and goes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ pairs: fc.nat(120), tokens: fc.nat(1200), bytes: fc.nat(12_000) })),
        fc.array(fc.nat(20)),
        (loads, leaving) => {
          const admission = new Admission(limits, () => 1)
          const holdings: Holding[] = []
          for (const { tokens, ...load } of loads) {
            failureOf(() => {
              const holding = admission.accept(load)
              const failed = failureOf(() => {
                holding.addTokens(tokens)
              })
              if (failed === undefined) holdings.push(holding)
              else holding.release()
            })
            for (const kind of ['requests', 'pairs', 'tokens', 'bytes'] as const) {
              expect(admission.held[kind]).toBeLessThanOrEqual(limits[kind])
            }
          }
          for (const at of leaving) holdings[at]?.release()
          for (const holding of holdings) holding.release()
          expect(admission.held).toEqual({ requests: 0, pairs: 0, tokens: 0, bytes: 0 })
        },
      ),
    )
  })
})

describe('the recent rate', () => {
  test('is pairs over computing time, whatever the wall clock says', () => {
    const rate = new RecentRate(30)
    rate.observe(100, 50, 0.5)
    rate.observe(110.2, 100, 0.5)
    rate.observe(110.9, 50, 1)
    expect(rate.pairsPerSecond(111)).toBe(100)
    expect(rate.secondsFor(450, 1, 111)).toBe(5)
    expect(rate.secondsFor(450, 2, 111)).toBe(3)
  })

  test('forgets what left the window, and says 1 s when it knows nothing', () => {
    const rate = new RecentRate(30)
    expect(rate.secondsFor(1000, 1, 0)).toBe(1)
    rate.observe(100, 10, 1)
    rate.observe(120, 100, 1)
    expect(rate.pairsPerSecond(121)).toBe(55)
    expect(rate.pairsPerSecond(140)).toBe(100)
    expect(rate.pairsPerSecond(200)).toBeUndefined()
    expect(rate.secondsFor(1000, 1, 200)).toBe(1)
  })

  test('sends nobody away for longer than a minute', () => {
    const rate = new RecentRate()
    rate.observe(1, 1, 1)
    expect(rate.secondsFor(100_000, 1, 2)).toBe(60)
    expect(rate.secondsFor(0, 1, 2)).toBe(1)
  })
})
