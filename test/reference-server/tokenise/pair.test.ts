import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TruncationStrategy } from '../../../core/rerank.ts'
import { longestFirst, pairOf, type TokenPair } from '../../../reference-server/tokenise/pair.ts'
import { kept, truncationOf, type LostPart } from '../../../reference-server/tokenise/truncation.ts'

/** Hugging Face's rule as it is told: take one token from the longer text until both fit. */
function oneByOne(first: number, second: number, room: number): [number, number] {
  let [a, b] = [first, second]
  while (a + b > room) {
    if (a > b) a -= 1
    else b -= 1
  }
  return [a, b]
}

test('longest_first keeps as many of each as taking one by one does, give or take the odd one', () => {
  fc.assert(
    fc.property(
      fc.nat(200),
      fc.nat(200),
      fc.integer({ min: 2, max: 130 }),
      (first, second, room) => {
        const [a, b] = longestFirst(first, second, room)
        const [x, y] = oneByOne(first, second, room)
        expect(a + b).toBe(Math.min(first + second, room))
        expect(Math.abs(a - x)).toBeLessThanOrEqual(1)
        expect(Math.abs(b - y)).toBeLessThanOrEqual(1)
      },
    ),
  )
})

test('ids beyond what can be used change nothing but the knowledge that some were lost', () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (first, second) => {
      const room = 125
      const usable = (count: number) => Math.min(count, room + 1)
      expect(longestFirst(usable(first), usable(second), room)).toEqual(
        longestFirst(first, second, room),
      )
    }),
  )
})

const text = (...values: number[]) => ({ ids: Int32Array.from(values), unread: false })
const cutBy = (strategy: TruncationStrategy, lost: LostPart) => ({
  strategy,
  lost,
  maximumTokens: 8,
})
const together = ({ query, document }: TokenPair) => [...query, ...document]

test('the side that is cut is the side that was asked for', () => {
  const pair = (lost: LostPart) =>
    pairOf(text(1, 2), text(3, 4, 5, 6, 7), 3, cutBy('longest_first', lost))
  const right = pair('right')
  expect(right.truncated).toBe(true)
  expect(right.tokens).toBe(8)
  expect(together(right)).toEqual([1, 2, 3, 4, 5])
  expect(together(pair('left'))).toEqual([1, 2, 5, 6, 7])
  const whole = pairOf(text(1, 2), text(3, 4, 5), 3, cutBy('longest_first', 'right'))
  expect(whole.truncated).toBe(false)
  expect(together(whole)).toEqual([1, 2, 3, 4, 5])
})

test('only_second takes all from the document, head_tail from its middle', () => {
  const query = text(1, 2, 3)
  const document = text(10, 11, 12, 13, 14)
  expect(together(pairOf(query, document, 3, cutBy('only_second', 'right')))).toEqual([
    1, 2, 3, 10, 11,
  ])
  expect(together(pairOf(query, document, 3, cutBy('only_second', 'left')))).toEqual([
    1, 2, 3, 13, 14,
  ])
  const short = text(1, 2)
  expect(together(pairOf(short, document, 3, cutBy('head_tail', 'middle')))).toEqual([
    1, 2, 10, 11, 14,
  ])
})

test('a query that fills the pair alone fails the request when it is not to be cut', () => {
  const long = text(1, 2, 3, 4, 5, 6)
  for (const strategy of ['only_second', 'head_tail'] as const) {
    expect(() => pairOf(long, text(7), 3, cutBy(strategy, 'right'))).toThrow(
      /^The query alone fills the 5 tokens/,
    )
  }
  expect(pairOf(long, text(7), 3, cutBy('longest_first', 'right')).tokens).toBe(8)
})

test('a text of which some was never read counts as cut, however few tokens it gave', () => {
  const unread = { ...text(3), unread: true }
  expect(pairOf(text(1), unread, 3, cutBy('longest_first', 'right')).truncated).toBe(true)
  expect(
    pairOf({ ...text(1), unread: true }, text(3), 3, cutBy('longest_first', 'left')).truncated,
  ).toBe(true)
})

test('cutting the middle twice is cutting it once', () => {
  fc.assert(
    fc.property(fc.nat(60), fc.nat(40), fc.nat(40), (length, a, b) => {
      const ids = Int32Array.from({ length }, (_, at) => at)
      const [more, less] = [Math.max(a, b), Math.min(a, b)]
      expect(kept(kept(ids, more, 'middle'), less, 'middle')).toEqual(kept(ids, less, 'middle'))
      expect(kept(ids, less, 'middle')).toHaveLength(Math.min(length, less))
    }),
  )
})

describe('what a request wants of the cut', () => {
  const server = { strategy: 'only_second', maximumTokens: 512 } as const
  const usual = { truncationDirection: 'right' } as const

  test.each([
    [{}, { strategy: 'only_second', lost: 'right', maximumTokens: 512 }],
    [{ truncation: 'head_tail' }, { strategy: 'head_tail', lost: 'middle', maximumTokens: 512 }],
    [
      { truncate: false, truncation: 'head_tail' },
      { strategy: 'error', lost: 'right', maximumTokens: 512 },
    ],
    [{ truncate: true }, { strategy: 'only_second', lost: 'right', maximumTokens: 512 }],
    [{ maximumTokens: 256 }, { strategy: 'only_second', lost: 'right', maximumTokens: 256 }],
    [{ maximumTokens: 9000 }, { strategy: 'only_second', lost: 'right', maximumTokens: 512 }],
  ] as const)('%j', (request, truncation) => {
    expect(truncationOf({ ...usual, ...request }, server)).toEqual(truncation)
  })

  test('who asks to be cut is cut, by a server that refuses by default', () => {
    const refuses = { ...server, strategy: 'error' } as const
    expect(truncationOf(usual, refuses).strategy).toBe('error')
    expect(truncationOf({ ...usual, truncate: true }, refuses).strategy).toBe('longest_first')
  })

  test('a length that leaves no room is refused', () => {
    expect(() => truncationOf({ ...usual, maximumTokens: 15 }, server)).toThrow(/give 16 or more/)
  })
})
