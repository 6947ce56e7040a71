import { expect, test } from 'vitest'
import { Expectation } from '../../../sidecar/export/expectation.ts'

function after(...times: readonly number[]): Expectation {
  const expectation = new Expectation()
  for (const time of times) expectation.came(time)
  return expectation
}

test('one time says nothing of the next', () => {
  expect(after().within(100, 50)).toBe(false)
  expect(after(10).within(100, 11)).toBe(false)
})

test('what came every 15 s is due just before it comes, and is given up when it is a gap late', () => {
  const expectation = after(10, 25)
  const due = [26, 38.9, 39, 40, 55, 55.1].map((now) => expectation.within(1, now))
  expect(due).toEqual([false, false, true, true, true, false])
})

test('those who come together are one', () => {
  expect(after(10, 10.01, 25, 25.02).within(1, 39)).toBe(true)
  expect(after(10, 10.01, 25, 25.02).within(1, 38.9)).toBe(false)
})

test('what comes every second is always due before the next second', () => {
  const expectation = after(10, 11, 12)
  expect([12, 12.5, 13, 13.5, 14, 14.5].map((now) => expectation.within(1, now))).toEqual([
    true,
    true,
    true,
    true,
    true,
    false,
  ])
})
