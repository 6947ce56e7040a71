import fc from 'fast-check'
import { expect, test } from 'vitest'
import { longestFirst, pairOf } from '../../../reference-server/tokenise/pair.ts'

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

const ids = (...values: number[]) => Int32Array.from(values)

test('the side that is cut is the side that was asked for', () => {
  const right = pairOf(ids(1, 2), ids(3, 4, 5, 6, 7), 3, 8, 'right')
  expect(right.truncated).toBe(true)
  expect(right.tokens).toBe(8)
  expect([...right.query, ...right.document]).toEqual([1, 2, 3, 4, 5])
  const left = pairOf(ids(1, 2), ids(3, 4, 5, 6, 7), 3, 8, 'left')
  expect([...left.query, ...left.document]).toEqual([1, 2, 5, 6, 7])
  const whole = pairOf(ids(1, 2), ids(3, 4, 5), 3, 8, 'right')
  expect(whole.truncated).toBe(false)
  expect([...whole.query, ...whole.document]).toEqual([1, 2, 3, 4, 5])
})
